"""`dueflow sending`: whether messages leave at all; after a restore none does until a person says so."""

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from cli.connection import Json, RunName, ask, print_json, running_stack, wants_json
from cli.exits import Exit

sending = typer.Typer(help="Whether messages leave at all: after a restore none does.", no_args_is_help=True)

Reason = Annotated[str, typer.Option(help="What was seen to, for the record: no names, no addresses.")]


@sending.command()
def show(*, run: RunName = None, as_json: Json = False) -> None:
    """Show whether messages are sent; exit 1 if they are not."""
    known = ask(running_stack(run), lambda dueflow: dueflow.notifications.sending())
    console = Console()
    if wants_json(console, chosen=as_json):
        print_json(known)
    elif known["muted_at"]:
        console.print(f"[red]nothing is sent since {known['muted_at']}:[/] {escape(known['muted_reason'])}")
    else:
        console.print("messages are sent")
    raise typer.Exit(Exit.DIFFERS if known["muted_at"] else Exit.HELD)


@sending.command()
def unmute(*, reason: Reason, run: RunName = None, as_json: Json = False) -> None:
    """Let messages leave again after a restore; exit 1 if they do already."""
    ask(running_stack(run), lambda dueflow: dueflow.notifications.unmute_sending(reason=reason))
    console = Console()
    if wants_json(console, chosen=as_json):
        print_json({"unmuted": True})
    else:
        console.print("messages are sent again; whose fate is unknown: GET /v1/messages?state=unknown")
