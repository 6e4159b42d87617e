"""`dueflow token`: makes and revokes the keys with which machines call the services."""

from typing import Annotated

import typer
from rich.console import Console

from deploy.local.api_keys import new_key, revoke
from deploy.local.state import RUNS
from shared.web.keys import Scope

Name = Annotated[str, typer.Argument(help="Who will use it; the audit names it.")]
Revoke = Annotated[bool, typer.Option("--revoke", help="Take the key of this name away.")]
Upto = Annotated[Scope, typer.Option("--scope", help="What it may do: each includes those before it.")]
Run = Annotated[str, typer.Option(help="The folder below var/ of the run whose keys these are.")]

_SCOPES: dict[Scope, frozenset[Scope]] = {
    "read": frozenset({"read"}),
    "write": frozenset({"read", "write"}),
    "admin": frozenset({"read", "write", "admin"}),
}


def token(name: Name, *, is_revoked: Revoke = False, scope: Upto = "admin", run: Run = "up") -> None:
    """Make an API key: only its hash is kept, so it is shown this once. An older key of the name ends."""
    keys = RUNS / run / "api-keys.json"
    if not is_revoked:
        typer.echo(new_key(keys, name, scopes=_SCOPES[scope]))
    elif not revoke(keys, name):
        Console(stderr=True).print(f"there is no key named {name}", style="red")
        raise typer.Exit(1)
