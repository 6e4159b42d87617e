"""`dueflow demo`: lets a simulated year, or the days of a user's file, pass through the whole system."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cli.connection import JsonOnly, ended, print_json
from cli.exits import Exit
from cli.running import run_until_told
from cli.user_file import read_user_file
from demo.run import ROOT, UserFile, Year, run_demo
from demo.year import YEAR_DAYS
from deploy.docker.compose import ComposeFailed, NoDocker
from deploy.local.state import AlreadyRunning

Data = Annotated[Path | None, typer.Option(help="A CSV of invoices with due and settled dates, instead of the year.")]
MappingPath = Annotated[Path | None, typer.Option("--mapping", help="How to read it; else one in demo/mappings fits.")]
Strict = Annotated[bool, typer.Option("--strict", help="Record nothing if any row is bad.")]
Ends = Annotated[bool, typer.Option("--exit", envvar="EXIT", help="End when the report is made.")]
InContainers = Annotated[bool, typer.Option("--compose", help="In containers, by docker-compose.yml.")]
Seed = Annotated[int, typer.Option(help="Decides all chance of the year.")]
Days = Annotated[int, typer.Option(min=1, max=YEAR_DAYS, help="How much of the year passes.")]


_PLAIN_WIDTH = 120


def demo(
    data: Data = None,
    mapping: MappingPath = None,
    *,
    strict: Strict = False,
    ends: Ends = False,
    seed: Seed = 2025,
    days: Days = YEAR_DAYS,
    in_containers: InContainers = False,
    as_json: JsonOnly = False,
) -> None:
    """Let a year pass, day by day, and check it; in a terminal it stays up until Ctrl-C. Exit 0: every check held."""
    console = Console(width=None if sys.stdout.isatty() else _PLAIN_WIDTH, stderr=as_json)
    story: Year | UserFile = Year(seed=seed, days=days)
    if data is not None:
        story = UserFile(path=data, reading=read_user_file(console, data, mapping, strict=strict))
    stays = console.is_terminal and not ends
    try:
        status = run_until_told(run_demo(console, story, stays=stays, in_containers=in_containers))
    except AlreadyRunning as error:
        raise ended(str(error), Exit.DIFFERS) from None
    except (NoDocker, ComposeFailed) as error:
        raise ended(str(error), Exit.AWAY) from None
    if as_json and status != Exit.INTERRUPTED:
        print_json(json.loads((ROOT / "report.json").read_text(encoding="utf-8")))
    raise typer.Exit(status)
