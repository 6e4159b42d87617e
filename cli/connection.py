"""Finds the installation that runs on this machine, for the verbs that talk to it, and prints what it answers."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

import httpx
import typer
from dueflow_client import Dueflow, Problem
from rich.console import Console
from rich.markup import escape

from cli.exits import Exit
from demo.connect import client_of
from deploy.docker.stack import installed_in_containers
from deploy.local.state import RUNS, NotRunning, StackState, load_state
from shared.messaging.kafka import KafkaAway

T = TypeVar("T")

RunName = Annotated[
    str | None,
    typer.Option("--run", help="Which: a folder below var/, or `compose` for the containers; else the one that is up."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON; so it does where the output is no terminal.")]
JsonOnly = Annotated[bool, typer.Option("--json", help="Print JSON instead.")]

_CONTAINERS = "compose"
_USUAL_RUNS = ("up", "demo", _CONTAINERS)


def running_stack(run: str | None) -> StackState:
    """Return where the named run is, or the one that is up; exit 3 where none is."""
    for name in (run,) if run else _USUAL_RUNS:
        if name == _CONTAINERS and (installed := installed_in_containers()) is not None:
            return installed
        try:
            return load_state(RUNS / name)
        except NotRunning:
            continue
    raise ended("nothing is running: start it with `make up`, `make demo` or `docker compose up`", Exit.AWAY)


def ask(state: StackState, question: Callable[[Dueflow], Awaitable[T]]) -> T:
    """Ask the running services; exit 1 with the service's own words where they refuse, 3 where they are away."""

    async def asked() -> T:
        async with client_of(state) as dueflow:
            return await question(dueflow)

    try:
        return asyncio.run(asked())
    except Problem as problem:
        raise ended(str(problem), Exit.DIFFERS) from None
    except (httpx.TransportError, KafkaAway, OSError) as error:
        raise ended(f"{type(error).__name__}: {error}", Exit.AWAY) from None


def ended(message: str, status: Exit) -> typer.Exit:
    """Say on the error output why the verb ends, and return what ends it when it is raised."""
    Console(stderr=True).print(escape(message), style="red")
    return typer.Exit(status)


def wants_json(console: Console, *, chosen: bool) -> bool:
    """Return whether a program reads the output rather than a person."""
    return chosen or not console.is_terminal


def print_json(answer: Any) -> None:
    """Print an answer for a program: a list as a line for each item, anything else as one line."""
    for item in answer if isinstance(answer, list) else [answer]:
        typer.echo(json.dumps(item, ensure_ascii=False, default=str))
