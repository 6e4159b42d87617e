"""`dueflow walk`: follows one invoice from the POST to the reminder e-mail on a small stack of its own."""

import shutil

from rich.console import Console
from rich.table import Table

from cli.running import run_until_told
from demo.walk import Walk, walk
from deploy.local.runner import LocalStack
from deploy.local.state import RUNS

_PARTITIONS = 2


def walk_invoice() -> None:
    """Follow one invoice from the POST to the reminder e-mail, under one correlation id (docs/walk.md)."""
    raise SystemExit(run_until_told(_walk(Console())))


async def _walk(console: Console) -> int:
    root = RUNS / "walk"
    shutil.rmtree(root, ignore_errors=True)
    async with LocalStack(root, partitions=_PARTITIONS, fast_clock=True, tell=console.print) as stack:
        _show(console, await walk(stack))
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
