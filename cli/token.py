"""`dueflow token`: makes, lists and revokes the keys with which machines call the services."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.connection import Json, JsonOnly, ended, print_json, wants_json
from cli.exits import Exit
from deploy.local.api_keys import known_keys, new_key, revoke
from deploy.local.state import RUNS
from shared.web.keys import Scope

token = typer.Typer(help="API keys: one admits its holder to all services of a run.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Who uses it; the audit names it.")]
Upto = Annotated[Scope, typer.Option("--scope", help="What it may do: each includes those before it.")]
Run = Annotated[str, typer.Option(help="The folder below var/ of the run whose keys these are.")]

_CONTAINERS = "compose"
_SCOPES: dict[Scope, frozenset[Scope]] = {
    "read": frozenset({"read"}),
    "write": frozenset({"read", "write"}),
    "admin": frozenset({"read", "write", "admin"}),
}


@token.command()
def create(name: Name, *, scope: Upto = "admin", run: Run = "up", as_json: JsonOnly = False) -> None:
    """Make a key: only its hash is kept, so it is shown this once. An older key of the name ends."""
    key = new_key(_keys_of(run), name, scopes=_SCOPES[scope])
    if as_json:
        print_json({"name": name, "key": key, "scopes": sorted(_SCOPES[scope])})
    else:
        typer.echo(key)


@token.command("list")
def list_keys(*, run: Run = "up", as_json: Json = False) -> None:
    """List who has a key and what it may do; the keys themselves are stored nowhere."""
    keys = known_keys(_keys_of(run))
    console = Console()
    if wants_json(console, chosen=as_json):
        print_json([{"name": name, "scopes": scopes} for name, scopes in keys.items()])
        return
    table = Table("name", "may")
    for name, scopes in keys.items():
        table.add_row(escape(name), ", ".join(scopes))
    console.print(table)


@token.command("revoke")
def revoke_key(name: Name, *, run: Run = "up", as_json: Json = False) -> None:
    """Take the key of this name away; running services refuse it at once."""
    if not revoke(_keys_of(run), name):
        raise ended(f"there is no key named {name}", Exit.DIFFERS)
    if wants_json(console := Console(), chosen=as_json):
        print_json({"name": name, "revoked": True})
    else:
        console.print(f"the key of {escape(name)} admits nobody any more")


def _keys_of(run: str) -> Path:
    if run == _CONTAINERS:
        raise ended("in containers there is one key: DUEFLOW_API_KEY in .env", Exit.USAGE)
    return RUNS / run / "api-keys.json"
