"""`dueflow policy`: loads a playbook, stages or a scorecard from a YAML file, from a day on (K3, C2)."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from dueflow_client import Dueflow
from dueflow_client.shapes import Policy, Scorecard
from rich.console import Console

from cli.connection import Json, RunName, ask, print_json, running_stack, wants_json

policy = typer.Typer(help="Playbooks, stages and scorecards: policy as data.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The policy as YAML.")]
Name = Annotated[str, typer.Option("--name", help="A later policy of the same name replaces this one.")]
From = Annotated[
    datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="The first business day; it must not be open yet.")
]
Segment = Annotated[
    str, typer.Option("--segment", help='Whom it is for, as YAML: "{grades: [C], industries: [construction]}".')
]


@policy.command()
def playbook(
    file: File, *, name: Name, effective_from: From, segment: Segment = "{}", run: RunName = None, as_json: Json = False
) -> None:
    """Load a playbook: which step follows when, by which channel, and who approves."""
    body = _body(file, name=name, effective_from=effective_from, segment=segment)
    _load(run, lambda dueflow: dueflow.collections.load_playbook(body), as_json=as_json)


@policy.command()
def stages(
    file: File, *, name: Name, effective_from: From, segment: Segment = "{}", run: RunName = None, as_json: Json = False
) -> None:
    """Load stages: by days, by sum, by number of unpaid invoices."""
    body = _body(file, name=name, effective_from=effective_from, segment=segment)
    _load(run, lambda dueflow: dueflow.collections.load_stages(body), as_json=as_json)


@policy.command()
def scorecard(file: File, *, effective_from: From, run: RunName = None, as_json: Json = False) -> None:
    """Load a scorecard: which facts and habits give how many points; it names itself, and whom it serves."""
    body: Scorecard = {
        "file": file.name,
        "effective_from": effective_from.date().isoformat(),
        "document": file.read_text(encoding="utf-8"),
    }
    _load(run, lambda dueflow: dueflow.credit.load_scorecard(body), as_json=as_json)


def _body(file: Path, *, name: str, effective_from: datetime, segment: str) -> Policy:
    return {
        "name": name,
        "effective_from": effective_from.date().isoformat(),
        "segment": yaml.safe_load(segment) or {},
        "document": file.read_text(encoding="utf-8"),
    }


def _load(run: str | None, load: Callable[[Dueflow], Awaitable[Any]], *, as_json: bool) -> None:
    loaded = ask(running_stack(run), load)
    console = Console()
    if wants_json(console, chosen=as_json):
        print_json(loaded)
    else:
        console.print(f"{loaded['name']} holds from {loaded['effective_from']}, version {loaded['version']}")
