"""The whole of Dueflow on one machine: servers, migrations, an API and a worker per service, and a mailbox."""

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.local.api_keys import READS, admit
from deploy.local.databases import Databases, ensure_databases
from deploy.local.environment import SMTP_VARIABLE, Installation
from deploy.local.files import write_private
from deploy.local.kafka import EmbeddedKafka
from deploy.local.ports import Ports
from deploy.local.postgres import EmbeddedPostgres
from deploy.local.run_secrets import Secrets
from deploy.local.servers import NamedKafka, NamedPostgres, find_kafka, find_postgres
from deploy.local.service_processes import (
    checker_process,
    installed_services,
    mailbox_process,
    migrate,
    service_processes,
)
from deploy.local.state import StackState, held_folder
from deploy.local.supervised import Supervised
from deploy.local.topics import ensure_topics

_LOOK_SECONDS = 1


class LocalStack:
    """An async context: inside it everything runs and is ready; afterwards nothing of it is left but its files."""

    def __init__(
        self,
        root: Path,
        *,
        services: Sequence[str] | None = None,
        partitions: int = 12,
        fast_clock: bool = False,
        prefix: str = "dueflow",
        usual_ports: bool = False,
        extra_environment: Mapping[str, str] | None = None,
        postgres: EmbeddedPostgres | NamedPostgres | None = None,
        kafka: EmbeddedKafka | NamedKafka | None = None,
        tell: Callable[[str], None] = print,
    ) -> None:
        self.root = root.resolve()
        self.services = tuple(installed_services() if services is None else services)
        self.partitions = partitions
        self.topic_prefix = f"{prefix}."
        self.postgres = postgres or find_postgres(self.root / "postgres")
        self.kafka = kafka or find_kafka(self.root / "kafka")
        self.processes: list[Supervised] = []
        self._database_prefix = f"{prefix}_"
        self._fast_clock = fast_clock
        self._extra_environment = extra_environment or {}
        self._tell = tell
        self._secrets = Secrets(self.root / "secrets.json")
        self._databases: Databases | None = None
        self._installation: Installation | None = None
        self._ports = Ports(usual=usual_ports)
        self._watchers: list[asyncio.Task[None]] = []
        self._exits = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Start everything in order and return when all of it is ready."""
        try:
            self._exits.enter_context(held_folder(self.root))
            await self._start_servers()
            await self._start_processes()
            self._state().save(self.root)
        except BaseException:
            await self._exits.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Services first, then Kafka, then PostgreSQL."""
        await self._exits.aclose()

    @property
    def bootstrap(self) -> str:
        """Kafka's address."""
        return self.kafka.bootstrap

    @property
    def api_key(self) -> str:
        """The key named `local`, which may do everything."""
        return self._secrets.get("api_key")

    @property
    def colleague_key(self) -> str:
        """The key named `colleague`, which may do everything too: some things need two persons."""
        return self._secrets.get("colleague_key")

    @property
    def mailbox_url(self) -> str | None:
        """The page of the caught mail; None if mail goes to a real server."""
        return next((process.url for process in self.processes if process.name == "mailbox"), None)

    def api_url(self, service: str) -> str:
        """The base URL of a service's REST interface."""
        return self.process(f"{service}-api").url

    def worker_url(self, service: str) -> str:
        """The base URL of a worker's health and metrics."""
        return self.process(f"{service}-worker").url

    def database_url(self, service: str) -> str:
        """The SQLAlchemy URL of a service's own role."""
        return self._ready_databases.urls[service]

    def checker_url(self, service: str) -> str:
        """The SQLAlchemy URL of the role that may only read."""
        return self._ready_databases.checker_urls[service]

    def process(self, name: str) -> Supervised:
        """`ledger-api`, `ledger-worker`, ..., `mailbox`."""
        return next(process for process in self.processes if process.name == name)

    async def start_checker(self, *, environment: Mapping[str, str] | None = None) -> None:
        """Have the invariants watched from here on, by a process of its own, told `environment` besides."""
        assert self._installation is not None, "the stack is not entered"
        admit(self._installation.api_keys_file, "checker", self._secrets.get("checker_key"), scopes=READS)
        said = self._installation.checker_environment(
            database_urls=self._ready_databases.checker_urls,
            ledger_url=self.api_url("ledger"),
            api_key=self._secrets.get("checker_key"),
            port=self._ports.take("checker"),
        )
        process = checker_process({**said, **(environment or {})}, logs=self._logs, tell=self._tell)
        self.processes.append(process)
        process.start()
        await process.wait_ready()
        self._watchers.append(asyncio.create_task(process.watch()))

    async def restart(self, name: str, *, environment: Mapping[str, str] | None = None) -> None:
        """Stop a process gently, start it with more environment, and wait until it is ready."""
        process = self.process(name)
        await process.stop()
        process.start(environment=environment)
        await process.wait_ready()

    @property
    def _ready_databases(self) -> Databases:
        assert self._databases is not None, "the stack is not entered"
        return self._databases

    async def _start_servers(self) -> None:
        """Exits run backwards, so Kafka, started last, is stopped first."""
        self._tell("PostgreSQL and Kafka start")
        self.postgres.launch()
        self._exits.push_async_callback(asyncio.to_thread, self.postgres.stop)
        self.kafka.launch()
        self._exits.push_async_callback(asyncio.to_thread, self.kafka.stop)
        await asyncio.to_thread(self.postgres.wait_ready)
        self._databases = await ensure_databases(
            server_url=self.postgres.url,
            password_of=self._secrets.get,
            services=self.services,
            prefix=self._database_prefix,
        )
        await asyncio.to_thread(self.kafka.wait_ready)
        # All four: a service also reads the topics of services that are not here.
        await ensure_topics(bootstrap=self.bootstrap, partitions=self.partitions, prefix=self.topic_prefix)

    async def _start_processes(self) -> None:
        self._installation = installation = self._admitted()
        environments = {service: self._environment(service, installation) for service in self.services}
        self._tell("databases are brought to their newest schema")
        await asyncio.gather(*(migrate(service, said, logs=self._logs) for service, said in environments.items()))
        self._exits.push_async_callback(self._stop_processes)
        if ports := installation.mailbox_ports:
            said = installation.mailbox_environment(environments.get("notifications"))
            self.processes.append(
                mailbox_process(
                    self.root / "mail",
                    said,
                    page_port=ports[0],
                    smtp_port=ports[1],
                    logs=self._logs,
                    tell=self._tell,
                )
            )
        for service, said in environments.items():
            self.processes.extend(service_processes(service, said, logs=self._logs, tell=self._tell))
        self._tell(f"{len(self.processes)} processes start")
        for process in self.processes:
            process.start()
        await asyncio.gather(*(process.wait_ready() for process in self.processes))
        watches = [self._watch_servers(), *(process.watch() for process in self.processes)]
        self._watchers = [asyncio.create_task(watch) for watch in watches]

    def _admitted(self) -> Installation:
        keys, cursor_secret = self.root / "api-keys.json", self.root / "cursor.secret"
        admit(keys, "local", self.api_key)
        admit(keys, "colleague", self.colleague_key)
        write_private(cursor_secret, self._secrets.get("cursor"))
        catches_mail = SMTP_VARIABLE not in os.environ
        return Installation(
            bootstrap=self.bootstrap,
            topic_prefix=self.topic_prefix,
            partitions=self.partitions,
            api_keys_file=keys,
            cursor_secret_file=cursor_secret,
            fast_clock=self._fast_clock,
            mailbox_ports=(self._ports.take("mailbox"), self._ports.take()) if catches_mail else None,
            receipt_secret=self._secrets.get("sms_receipts"),
            extra=self._extra_environment,
        )

    def _environment(self, service: str, installation: Installation) -> dict[str, str]:
        return installation.environment(
            database_url=self.database_url(service), port=self._ports.take(service), worker_port=self._ports.take()
        )

    async def _watch_servers(self) -> None:
        while True:
            for server in (self.postgres, self.kafka):
                if server.has_crashed:
                    self._tell(f"{type(server).__name__} ended; it starts again")
                    server.launch()
            await asyncio.sleep(_LOOK_SECONDS)

    async def _stop_processes(self) -> None:
        for watcher in self._watchers:
            watcher.cancel()
        await asyncio.gather(*self._watchers, return_exceptions=True)
        self._tell(f"{len(self.processes)} processes stop")
        await asyncio.gather(*(process.stop() for process in self.processes))

    @property
    def _logs(self) -> Path:
        return self.root / "logs"

    def _state(self) -> StackState:
        return StackState(
            pid=os.getpid(),
            api_urls={service: self.api_url(service) for service in self.services},
            worker_urls={service: self.worker_url(service) for service in self.services},
            checker_urls={service: self.checker_url(service) for service in self.services},
            bootstrap=self.bootstrap,
            topic_prefix=self.topic_prefix,
            partitions=self.partitions,
            api_key=self.api_key,
            mailbox_url=self.mailbox_url,
            colleague_key=self.colleague_key,
            server_url=self.postgres.url,
        )
