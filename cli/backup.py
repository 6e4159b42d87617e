"""`dueflow backup` and `dueflow restore`: a base and the log behind it, and the way back to the last commit."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cli.connection import JsonOnly, RunName, ended, print_json, running_stack
from cli.exits import Exit
from cli.running import run_until_told
from deploy.local.backup import Backup, BackupFailed
from deploy.local.backup import restore as restore_backup
from deploy.local.state import RUNS, AlreadyRunning, held_folder

Folder = Annotated[Path, typer.Argument(help="Where the base and the log lie, on another disk than the database.")]
Server = Annotated[
    str | None,
    typer.Option(envvar="DUEFLOW_POSTGRES_URL", help="Of a superuser, `postgresql://…`; else that of the run."),
]
EveryCommit = Annotated[
    bool,
    typer.Option("--every-commit", help="No commit is acknowledged before it is received; if this dies, they wait."),
]
Target = Annotated[str, typer.Option("--run", help="The folder below var/ whose database is lost.")]

_LOOK_SECONDS = 1


def backup(
    folder: Folder,
    *,
    every_commit: EveryCommit = False,
    server: Server = None,
    run: RunName = None,
    as_json: JsonOnly = False,
) -> None:
    """Take a base of the running PostgreSQL, then receive its log as it is written; Ctrl-C ends the backup.

    Killed, it goes on over the same folder; ended, the next backup needs a folder of its own.
    """
    server_url = server or running_stack(run).server_url
    if server_url is None:
        raise ended("name the server of this run: --server postgresql://…", Exit.USAGE)
    try:
        status = run_until_told(_back_up(Backup(folder), server_url, every_commit=every_commit, as_json=as_json))
    except BackupFailed as error:
        raise ended(str(error), Exit.DIFFERS) from None
    except OSError as error:
        raise ended(f"{type(error).__name__}: {error}", Exit.AWAY) from None
    raise typer.Exit(status)


async def _back_up(made: Backup, server_url: str, *, every_commit: bool, as_json: bool) -> int:
    async with made.receiving(server_url, every_commit=every_commit):
        if as_json:
            print_json({"base": made.base, "log": made.log})
        else:
            Console().print(f"the base is in {made.base}; its log is received until Ctrl-C")
        while made.is_receiving:
            await asyncio.sleep(_LOOK_SECONDS)
    raise BackupFailed(f"the log is received no more: {made.folder / 'receiver.log'} says why")


def restore(folder: Folder, *, run: Target = "up", as_json: JsonOnly = False) -> None:
    """Verify a backup and bring its PostgreSQL back, up to the end of the log; then start the run as ever.

    The other services go on where their databases are; docs/runbooks/backup-and-restore.md says what comes next.
    """
    root = RUNS / run
    try:
        with held_folder(root):
            asyncio.run(restore_backup(Backup(folder), root / "postgres"))
    except (BackupFailed, AlreadyRunning) as error:
        raise ended(str(error), Exit.DIFFERS) from None
    if as_json:
        print_json({"restored": root / "postgres"})
    else:
        Console().print(f"{root / 'postgres'} is restored; start it, and see docs/runbooks/backup-and-restore.md")
