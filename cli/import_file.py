"""`dueflow import`: records a user's file in the running installation, and compares what came of it with the file."""

from pathlib import Path
from typing import Annotated

import typer
from dueflow_client import Dueflow
from rich.console import Console
from rich.progress import Progress

from checker.everything import check_everything
from cli.connection import Json, RunName, ask, print_json, running_stack, wants_json
from cli.exits import Exit
from cli.user_file import read_user_file
from demo.connect import installation_of
from demo.file_figures import file_figures
from demo.file_run import FileRun
from demo.report import FileFigures
from demo.reporting import file_agrees
from demo.tables import file_tables

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A CSV of invoices, due and settled dates.")]
MappingPath = Annotated[Path | None, typer.Option("--mapping", help="How to read it; else one in demo/mappings fits.")]
Strict = Annotated[bool, typer.Option("--strict", help="Record nothing if any row is bad.")]


def import_file(
    file: File, *, mapping: MappingPath = None, strict: Strict = False, run: RunName = None, as_json: Json = False
) -> None:
    """Record each invoice and payment on its own date: under the fast clock day by day, else late; then compare."""
    console = Console()
    state = running_stack(run)
    reading = read_user_file(Console(stderr=True), file, mapping, strict=strict)

    async def played(dueflow: Dueflow) -> FileFigures:
        playing = FileRun(dueflow, reading)
        shown = Console(stderr=True)
        with Progress(console=shown, transient=True, disable=not shown.is_terminal) as progress:
            bar = progress.add_task("days", total=(playing.last_day - playing.first_day).days + 1)
            async for day in playing.play():
                told = ", ".join(f"{number:,} {what}" for what, number in playing.counts().items())
                progress.update(bar, description=f"{day}: {told}", advance=1)
        return await file_figures(file, playing, await check_everything(installation_of(state, dueflow)))

    figures = ask(state, played)
    if wants_json(console, chosen=as_json):
        print_json(figures.model_dump(mode="json"))
    else:
        for table in file_tables(figures):
            console.print(table)
    raise typer.Exit(Exit.HELD if file_agrees(figures) else Exit.DIFFERS)
