"""The command line: registers each verb's function under its name, and nothing else."""

import typer

from cli.docs import docs
from cli.doctor import doctor
from cli.down import down
from cli.token import token
from cli.up import up

app = typer.Typer(
    help="Dueflow: credit, ledger, collections and notifications, on this machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
for verb in (up, down, doctor, token, docs):
    app.command()(verb)

if __name__ == "__main__":
    app()
