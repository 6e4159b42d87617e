"""Reads a user's file for a verb, and says what is wrong with it in the file's own lines and columns."""

from pathlib import Path

import typer
from rich.console import Console
from rich.markup import escape

from cli.exits import Exit
from demo.mapping import MappingError
from demo.rows import Reading, read_file

_SHOWN_ROWS = 50


def read_user_file(console: Console, path: Path, mapping_path: Path | None, *, strict: bool) -> Reading:
    """Return the file's rows; exit 2 where it cannot be read, or, when `strict`, where any row is bad."""
    try:
        reading = read_file(path, mapping_path)
    except (MappingError, OSError) as error:
        console.print(escape(f"{path}: {error}"), style="red")
        raise typer.Exit(Exit.USAGE) from None
    for row in reading.bad[:_SHOWN_ROWS]:
        console.print(escape(f"line {row.line}, {row.column or 'the row'}: {row.reason}"), style="yellow")
    if len(reading.bad) > _SHOWN_ROWS:
        console.print(f"and {len(reading.bad) - _SHOWN_ROWS} more; the report lists them all", style="yellow")
    if not reading.rows or (reading.bad and strict):
        console.print(f"{len(reading.bad)} bad rows, {len(reading.rows)} good ones: nothing is recorded", style="red")
        raise typer.Exit(Exit.USAGE)
    return reading
