"""`dueflow aging`: what is owed at the end of any day, by days past due."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import typer
from dueflow_client import Dueflow
from rich.console import Console
from rich.table import Table

from cli.connection import Json, RunName, ask, print_json, running_stack, wants_json

AsOf = Annotated[datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="The day; else the open one.")]
KnownThen = Annotated[bool, typer.Option("--known-then", help="As it was known then, not as it is known now.")]
By = Annotated[Literal["total", "customer"], typer.Option(help="All together, or customer by customer.")]
Entity = Annotated[str | None, typer.Option(help="Of this creditor only.")]

_AMOUNTS = ("open", "not_due", "d1_30", "d31_60", "d61_90", "d91_plus", "overdue", "unapplied")
_COUNTS = ("open_invoices", "overdue_invoices")


def aging(
    as_of: AsOf = None,
    *,
    known_then: KnownThen = False,
    by: By = "total",
    entity: Entity = None,
    run: RunName = None,
    as_json: Json = False,
) -> None:
    """Show what was open at the end of a day: not due, 1-30, 31-60, 61-90 and 91 days past due or more."""
    console = Console()
    filters = {
        "as_of": as_of.date() if as_of else None,
        "basis": "known_then" if known_then else "known_now",
        "entity": entity,
    }
    report = ask(running_stack(run), lambda dueflow: _ask(dueflow, filters, by))
    if wants_json(console, chosen=as_json):
        print_json(report)
    else:
        console.print(_table(report))


async def _ask(dueflow: Dueflow, filters: dict[str, Any], by: str) -> Any:
    report = await dueflow.ledger.aging(**filters)
    if by == "customer":
        report["items"] = [item async for item in dueflow.ledger.aging_by_customer(**filters)]
    return report


def _table(report: Any) -> Table:
    basis = report["basis"].replace("_", " ")
    table = Table(title=f"Open on {report['as_of']}, as {basis}, by days past due", title_justify="left")
    for column in ("entity", "customer", "", *(name.replace("_", " ") for name in (*_AMOUNTS, *_COUNTS))):
        table.add_column(column, justify="left" if column in {"entity", "customer", ""} else "right")
    for item in report["items"]:
        table.add_row(item["entity"], str(item["customer_id"] or ""), item["currency"], *_cells(item))
    table.add_section()
    for total in report["totals"]:
        table.add_row("all", "", total["currency"], *_cells(total), style="bold")
    return table


def _cells(line: Any) -> list[str]:
    return [f"{Decimal(line[name]):,}" for name in _AMOUNTS] + [f"{line[name]:,}" for name in _COUNTS]
