"""`dueflow day`: shows the business day, or opens one and waits until all services have worked it."""

from datetime import date, datetime
from typing import Annotated, Any

import typer
from dueflow_client import Dueflow
from rich.console import Console

from cli.connection import Json, RunName, ask, print_json, running_stack, wants_json
from demo.fast_clock import FastClock

Day = Annotated[
    datetime | None, typer.Argument(formats=["%Y-%m-%d"], help="The day to open; without it, show today's.")
]


def day(day: Day = None, *, run: RunName = None, as_json: Json = False) -> None:
    """Show the open business day, or open DAY with every missed one before it, and wait until all have worked it."""
    console = Console()
    shown = ask(running_stack(run), lambda dueflow: _open_and_show(dueflow, day.date() if day else None))
    if wants_json(console, chosen=as_json):
        print_json(shown)
        return
    state = "worked by all services" if shown["complete"] else "still being worked"
    console.print(f"{shown['day']} is {shown['state']}, {state}; {shown['overdue']:,} instalments became overdue")
    for service, partitions in shown["worked"].items():
        console.print(f"  {service}: {partitions} partitions")


async def _open_and_show(dueflow: Dueflow, wanted: date | None) -> Any:
    if wanted is None:
        return await dueflow.ledger.current_day()
    with Console(stderr=True).status(f"{wanted} is opened and worked"):
        await FastClock(dueflow).turn_to(wanted)
    return await dueflow.ledger.day(wanted)
