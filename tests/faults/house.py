"""The whole house under test: its processes and servers, what can be done to them, and the check afterwards."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from email.policy import default
from pathlib import Path

from dueflow_client import Addresses, Dueflow

from checker.everything import Installation, Verdict, check_everything
from checker.findings import Finding
from deploy.local.ports import answers, free_port
from deploy.local.runner import LocalStack
from deploy.local.supervised import Supervised
from tests.faults.kafka_behind import KafkaBehindProxy
from tests.faults.postgres_behind import PostgresBehindProxy
from tests.faults.proxy import Proxy

SERVICES = ("credit", "ledger", "collections", "notifications")
APIS = tuple(f"{service}-api" for service in SERVICES)
WORKERS = tuple(f"{service}-worker" for service in SERVICES)
PARTITIONS = 3
_DRAINED_SECONDS = 60
_LOOK_SECONDS = 0.1


@dataclass(slots=True)
class House:
    """A running installation with proxies between its services and Kafka, PostgreSQL and the mail server."""

    stack: LocalStack
    postgres: PostgresBehindProxy
    kafka: KafkaBehindProxy
    to_postgres: Proxy
    to_kafka: Proxy
    to_mail: Proxy
    dueflow: Dueflow

    def processes(self, names: Collection[str]) -> list[Supervised]:
        """Return the processes of these names."""
        return [self.stack.process(name) for name in names]

    def restarts(self, names: Collection[str]) -> list[int]:
        """Return how often each of these came up again by itself since it was last started."""
        return [process.restarts for process in self.processes(names)]

    def pids(self, names: Collection[str]) -> list[int | None]:
        """Return the process ids of these: they stay the same as long as none of them died."""
        return [process.pid for process in self.processes(names)]

    async def arm(self, crashes: Mapping[str, str]) -> None:
        """Restart processes so that each dies by SIGKILL where `crashes` says (`place:n`, the n-th time), once."""
        restarts = (
            self.stack.restart(name, environment={"DUEFLOW_TEST_CRASH_AT": place}) for name, place in crashes.items()
        )
        await asyncio.gather(*restarts)

    def send_signal(self, name: str, what: signal.Signals) -> None:
        """Send a signal to a process of the house."""
        pid = self.stack.process(name).pid
        assert pid is not None, f"{name} does not run"
        os.kill(pid, what)

    async def until(self, names: Collection[str], *, ready: bool, seconds: float = 120) -> None:
        """Return when all of these say that they are ready, or that they are not."""
        async with asyncio.timeout(seconds):
            while any(process.is_ready != ready for process in self.processes(names)):
                await asyncio.sleep(_LOOK_SECONDS)

    async def heal(self) -> None:
        """Bring back whatever a fault took away, and return when all is ready."""
        for wire in (self.to_postgres, self.to_kafka, self.to_mail):
            await wire.heal()
        if not answers(self.postgres.port_behind):
            self.postgres.launch()
        if not answers(self.kafka.port_behind):
            self.kafka.launch()
        for server in (self.postgres, self.kafka):
            await asyncio.to_thread(server.wait_ready)
        for process in self.stack.processes:
            if process.pid is None and process.state == "stopped":
                process.start()
            if process.pid is not None:
                os.kill(process.pid, signal.SIGCONT)
        await asyncio.gather(*(process.wait_ready() for process in self.stack.processes))

    def caught_mails(self) -> list[str]:
        """Return the message id of each mail that the mail server took, as often as it took it."""
        mails = (
            BytesHeaderParser(policy=default).parsebytes(each.read_bytes())
            for each in (self.stack.root / "mail").glob("*.eml")
        )
        return [str(mail["Message-ID"]).strip("<>").partition("@")[0] for mail in mails]

    async def check(self, *, but: str = "") -> None:
        """Assert what holds after every fault: drained in a minute (L), once (O), nothing lost (N), balanced (B).

        `but` is a check that goes on naming what an old backup has really lost.
        """
        verdict = await self.verdict(patience_seconds=_DRAINED_SECONDS)
        broken = [told(each) for each in verdict.findings if not each.holds and each.check != but]
        assert not broken, "\n".join(broken)

    async def verdict(self, *, patience_seconds: float) -> Verdict:
        """Return what the checker says, once everybody has heard everything or the patience is over."""
        installation = Installation(
            database_urls={service: self.stack.checker_url(service) for service in SERVICES},
            bootstrap=self.stack.bootstrap,
            topic_prefix=self.stack.topic_prefix,
            ledger=self.dueflow.ledger,
        )
        return await check_everything(installation, patience_seconds=patience_seconds)


def told(finding: Finding) -> str:
    """Return a finding that does not hold as one line."""
    return f"{finding.check}: {finding.wrong}, {finding.differences}"


@asynccontextmanager
async def open_house(folder: Path) -> AsyncIterator[House]:
    """Start everything, and end it afterwards."""
    async with Proxy(free_port()) as to_kafka, Proxy(free_port()) as to_postgres, Proxy(free_port()) as to_mail:
        kafka = KafkaBehindProxy(folder / "kafka", port_behind=to_kafka.port_behind, proxy_port=to_kafka.port)
        postgres = PostgresBehindProxy(
            folder / "postgres", port_behind=to_postgres.port_behind, proxy_port=to_postgres.port
        )
        stack = LocalStack(
            folder,
            partitions=PARTITIONS,
            fast_clock=True,
            prefix="faults",
            postgres=postgres,
            kafka=kafka,
            extra_environment={"DUEFLOW_SMTP_PORT": str(to_mail.port)},
        )
        async with stack, Dueflow(addresses(stack), key=stack.api_key) as dueflow:
            to_mail.port_behind = _smtp_port(stack)
            yield House(stack, postgres, kafka, to_postgres, to_kafka, to_mail, dueflow)


def _smtp_port(stack: LocalStack) -> int:
    """Return where the mailbox takes mails; the services were told the proxy's port."""
    *_, smtp_port, _page_port = stack.process("mailbox").arguments
    return int(smtp_port)


def addresses(stack: LocalStack) -> Addresses:
    """Return where the APIs of a stack answer."""
    return Addresses(**{service: stack.api_url(service) for service in SERVICES})
