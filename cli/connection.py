"""Finds the stack that runs on this machine, for the verbs that talk to it."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

import httpx
import typer
from dueflow_client import Dueflow, Problem
from rich.console import Console
from rich.markup import escape

from demo.connect import client_of
from deploy.local.state import RUNS, NotRunning, StackState, load_state

T = TypeVar("T")

RunName = Annotated[
    str | None, typer.Option("--run", help="The folder below var/ of the run; else the one that is up.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON; so it does where the output is no terminal.")]

_USUAL_RUNS = ("up", "demo")


def running_stack(run: str | None) -> StackState:
    """Return the state of the named run, or of the one that is up; exit 1 where none is."""
    for name in (run,) if run else _USUAL_RUNS:
        try:
            return load_state(RUNS / name)
        except NotRunning:
            continue
    Console(stderr=True).print("nothing is running: start it with `make up` or `make demo`", style="red")
    raise typer.Exit(1)


def ask(state: StackState, question: Callable[[Dueflow], Awaitable[T]]) -> T:
    """Ask the running services; exit 1 with the service's own words where they refuse."""

    async def asked() -> T:
        async with client_of(state) as dueflow:
            return await question(dueflow)

    try:
        return asyncio.run(asked())
    except (Problem, httpx.TransportError) as error:
        Console(stderr=True).print(escape(str(error)), style="red")
        raise typer.Exit(1) from None


def wants_json(console: Console, *, chosen: bool) -> bool:
    """Return whether a program reads the output rather than a person."""
    return chosen or not console.is_terminal


def print_json(answer: Any) -> None:
    """Print an answer for a program."""
    typer.echo(json.dumps(answer, ensure_ascii=False, indent=2, default=str))
