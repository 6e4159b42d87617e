"""The commands that make up a service, the checker and the mailbox: what is started, with what, logging where."""

import asyncio
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from deploy.local.databases import SERVICES
from deploy.local.processes import spawn, tail
from deploy.local.state import ROOT
from deploy.local.supervised import Supervised

_SERVICE_MODULE = "services.{}.main"


def installed_services() -> list[str]:
    """The services whose code is here."""
    return [service for service in SERVICES if (ROOT / "services" / service / "main.py").exists()]


async def migrate(service: str, environment: Mapping[str, str], *, logs: Path) -> None:
    """Bring a service's database to its newest schema; raises `RuntimeError` with the end of the log."""
    log = logs / f"{service}-migrate.log"
    migration = spawn(
        _command(service, "migrate"), log=log, death_signal=signal.SIGKILL, environment=environment, folder=ROOT
    )
    if await asyncio.to_thread(migration.wait):
        raise RuntimeError(f"the migrations of {service} failed:\n{tail(log)}")


def service_processes(
    service: str, environment: Mapping[str, str], *, logs: Path, tell: Callable[[str], None]
) -> list[Supervised]:
    """The API and the worker of a service, not yet started."""
    return [
        Supervised(
            f"{service}-{role}",
            _command(service, role),
            environment=environment,
            log=logs / f"{service}-{role}.log",
            url=f"http://127.0.0.1:{environment[port]}",
            tell=tell,
        )
        for role, port in (("api", "DUEFLOW_PORT"), ("worker", "DUEFLOW_WORKER_PORT"))
    ]


def checker_process(environment: Mapping[str, str], *, logs: Path, tell: Callable[[str], None]) -> Supervised:
    """The checker, not yet started."""
    return Supervised(
        "checker",
        [sys.executable, "-m", "checker.main"],
        environment=environment,
        log=logs / "checker.log",
        url=f"http://127.0.0.1:{environment['DUEFLOW_PORT']}",
        tell=tell,
    )


def mailbox_process(
    folder: Path,
    environment: Mapping[str, str],
    *,
    page_port: int,
    smtp_port: int,
    logs: Path,
    tell: Callable[[str], None],
) -> Supervised:
    """The mailbox over `folder`, not yet started."""
    return Supervised(
        "mailbox",
        [sys.executable, "-m", "deploy.local.mailbox", str(folder), str(smtp_port), str(page_port)],
        environment=environment,
        log=logs / "mailbox.log",
        url=f"http://127.0.0.1:{page_port}",
        tell=tell,
    )


def _command(service: str, role: str) -> list[str]:
    return [sys.executable, "-m", _SERVICE_MODULE.format(service), role]
