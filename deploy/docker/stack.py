"""Dueflow in containers for one run: a Compose project of its own, with fresh secrets, whose data end with the run."""

import os
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.docker.compose import Compose, fresh_settings, read_settings
from deploy.local.databases import SERVICES, for_sqlalchemy
from deploy.local.ports import USUAL_PORTS, answers
from deploy.local.state import ROOT, StackState, held_folder

PROJECT = "dueflow-demo"
WORKER_PORTS = {"credit": 8011, "ledger": 8012, "collections": 8013, "notifications": 8014}
_FILES = ("docker-compose.yml", "deploy/docker/demo.yml")
_POSTGRES = "127.0.0.1:15432"
_KAFKA = "127.0.0.1:19092"
_READY_SECONDS = 300
_SETTINGS = ROOT / ".env"


class ComposeStack:
    """An async context: inside it every container is healthy; afterwards neither containers nor volumes are left."""

    def __init__(
        self,
        root: Path,
        *,
        partitions: int,
        fast_clock: bool = False,
        project: str = PROJECT,
        tell: Callable[[str], None] = print,
    ) -> None:
        self.root = root.resolve()
        self.settings = fresh_settings(
            DUEFLOW_PARTITIONS=str(partitions),
            DUEFLOW_CLOCK="fast" if fast_clock else "civil",
            DUEFLOW_AUTO_OPEN_DAYS="false" if fast_clock else "true",
        )
        self.compose = Compose(project=project, files=_FILES, settings=self.settings)
        self._tell = tell
        self._exits = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Build the images, start everything in order and return when all of it is healthy; raises `ComposeFailed`."""
        try:
            self._exits.enter_context(held_folder(self.root))
            await self._forget()  # what a run that was killed has left
            self._exits.push_async_callback(self._forget)
            self._tell("images are built, containers start")
            await self.start()
            state_of(self.settings, worker_ports=WORKER_PORTS).save(self.root)
        except BaseException:
            await self._exits.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """All containers, then their volumes."""
        self._tell("containers stop")
        await self._exits.aclose()

    async def start(self) -> None:
        """Start what does not run, and return when all containers are healthy; raises `ComposeFailed`."""
        await self.compose.run("up", "--build", "--detach", "--wait", "--wait-timeout", str(_READY_SECONDS))

    async def _forget(self) -> None:
        await self.compose.run("--profile", "*", "down", "--volumes", "--remove-orphans")


def installed_in_containers() -> StackState | None:
    """Return where `docker compose up` of this repository is found, None where nothing of it answers."""
    if not _SETTINGS.exists() or not answers(USUAL_PORTS["ledger"]):
        return None
    return state_of(read_settings(_SETTINGS), worker_ports={})


def state_of(settings: Mapping[str, str], *, worker_ports: Mapping[str, int]) -> StackState:
    """Return where an installation in containers is found from this machine, by what Compose was told."""
    checker = f"postgresql://dueflow_checker:{settings['DUEFLOW_CHECKER_PASSWORD']}@{_POSTGRES}"
    return StackState(
        pid=os.getpid(),
        api_urls={service: f"http://127.0.0.1:{USUAL_PORTS[service]}" for service in SERVICES},
        worker_urls={service: f"http://127.0.0.1:{port}" for service, port in worker_ports.items()},
        checker_urls={service: for_sqlalchemy(f"{checker}/dueflow_{service}") for service in SERVICES},
        bootstrap=_KAFKA,
        topic_prefix="dueflow.",
        partitions=int(settings["DUEFLOW_PARTITIONS"]),
        api_key=settings["DUEFLOW_API_KEY"],
        colleague_key=settings["DUEFLOW_COLLEAGUE_API_KEY"],
        mailbox_url=f"http://127.0.0.1:{USUAL_PORTS['mailbox']}",
    )
