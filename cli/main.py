"""The command line: registers each verb's function under its name, and nothing else."""

import typer

from cli.aging import aging
from cli.audit import audit
from cli.backup import backup, restore
from cli.check import check
from cli.day import day
from cli.demo import demo
from cli.docs import docs
from cli.doctor import doctor
from cli.down import down
from cli.import_file import import_file
from cli.own_stream import stream
from cli.park import park
from cli.policy import policy
from cli.replay import replay
from cli.sending import sending
from cli.token import token
from cli.up import up
from cli.walk import walk_invoice

app = typer.Typer(
    help="Dueflow: credit, ledger, collections and notifications, on this machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
for verb in (up, down, doctor, docs, demo, day, aging, check, replay, backup, restore):
    app.command()(verb)
app.command("import")(import_file)
app.command("walk")(walk_invoice)
app.add_typer(audit, name="audit")
app.add_typer(token, name="token")
app.add_typer(park, name="park")
app.add_typer(stream, name="stream")
app.add_typer(sending, name="sending")
app.add_typer(policy, name="policy")

if __name__ == "__main__":
    app()
