"""`dueflow check`: verifies on the running system what must always hold, and shows every difference."""

from typing import Annotated, Any

import typer
from dueflow_client import Dueflow
from rich.console import Console

from checker.everything import Verdict, check_everything
from cli.connection import Json, RunName, ask, print_json, running_stack, wants_json
from cli.exits import Exit
from demo.connect import installation_of
from demo.reporting import check_lines
from demo.tables import check_table

Patience = Annotated[float, typer.Option(min=0, help="Seconds in which all services may come to one position.")]


def check(*, patience: Patience = 60, run: RunName = None, as_json: Json = False) -> None:
    """Compare the services at a common position; exit 0 if everything holds, 1 if anything differs."""
    console = Console()
    state = running_stack(run)

    async def asked(dueflow: Dueflow) -> Verdict:
        return await check_everything(installation_of(state, dueflow), patience_seconds=patience)

    with Console(stderr=True).status("databases, topics and APIs are compared"):
        verdict = ask(state, asked)
    lines = check_lines(verdict)
    if wants_json(console, chosen=as_json):
        answer: Any = {"holds": verdict.holds, "check": [line.model_dump() for line in lines]}
        print_json(answer)
    else:
        console.print(check_table(lines))
    raise typer.Exit(Exit.HELD if verdict.holds else Exit.DIFFERS)
