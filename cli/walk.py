"""`dueflow walk`: follows one invoice from the POST to the reminder e-mail on a small stack of its own."""

import shutil
from dataclasses import asdict

import typer
from rich.console import Console
from rich.table import Table

from cli.connection import JsonOnly, print_json
from cli.running import run_until_told
from demo.walk import Walk, walk
from deploy.local.runner import LocalStack
from deploy.local.state import RUNS

_PARTITIONS = 2


def walk_invoice(*, as_json: JsonOnly = False) -> None:
    """Follow one invoice from the POST to the reminder e-mail, under one correlation id (docs/walk.md)."""
    raise typer.Exit(run_until_told(_walk(Console(stderr=as_json), as_json=as_json)))


async def _walk(console: Console, *, as_json: bool) -> int:
    root = RUNS / "walk"
    shutil.rmtree(root, ignore_errors=True)
    async with LocalStack(root, partitions=_PARTITIONS, fast_clock=True, tell=console.print) as stack:
        walked = await walk(stack)
    if as_json:
        print_json([{**asdict(hop), "correlation_id": walked.correlation_id} for hop in walked.hops])
    else:
        _show(console, walked)
    return 0


def _show(console: Console, walked: Walk) -> None:
    table = Table(
        "day", "recorded (UTC)", "event", title=f"correlation id {walked.correlation_id}", title_justify="left"
    )
    for hop in walked.hops:
        table.add_row(hop.business_date.isoformat(), hop.recorded_at.strftime("%H:%M:%S.%f")[:-3], hop.wire)
    console.print(table)
    console.print(f"then the e-mail: {walked.mail['subject']}", highlight=False)
    console.print(walked.mail["text"], highlight=False, markup=False)
