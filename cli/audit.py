"""`dueflow audit`: proves that nobody changed the audit afterwards, and tells what was out of the ordinary (L17)."""

import asyncio
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from checker.audit import AuditVerdict, verify_audit
from cli.connection import Json, RunName, ask, ended, print_json, running_stack, wants_json
from cli.exits import Exit
from demo.reporting import audit_proof
from deploy.local.state import StackState

audit = typer.Typer(help="Who did what: that nobody changed it afterwards, and what was unusual.", no_args_is_help=True)

Month = Annotated[str, typer.Argument(help="The month of the business days, as 2026-03.")]
Actor = Annotated[str | None, typer.Option(help="Of this person only: the name of an API key.")]


@audit.command()
def verify(*, run: RunName = None, as_json: Json = False) -> None:
    """Verify every audit record in its chain, and the chains against their anchors; exit 1 if one was touched."""
    console = Console()
    verdict = _ask(running_stack(run))
    if wants_json(console, chosen=as_json):
        print_json(_answer(verdict))
    else:
        _show(console, verdict)
    raise typer.Exit(Exit.HELD if verdict.holds else Exit.DIFFERS)


@audit.command()
def exceptions(month: Month, *, actor: Actor = None, run: RunName = None, as_json: Json = False) -> None:
    """Count a month's exceptions by person: back-dated, allocated by hand, reversed, refunded, terms beyond credit."""
    console = Console()
    report = ask(running_stack(run), lambda dueflow: dueflow.ledger.audit_exceptions(month, actor=actor))
    if wants_json(console, chosen=as_json):
        print_json(report)
        return
    table = Table("person", "exception", "records", title=f"Exceptions of {report['month']}", title_justify="left")
    for each in report["items"]:
        table.add_row(escape(each["actor"]), each["exception"].replace("_", " "), f"{each['records']:,}")
    console.print(table)
    console.print(f"back-dated: effective more than {report['back_dated_days']} days before it was recorded")


def _ask(state: StackState) -> AuditVerdict:
    url = state.checker_urls["ledger"]
    try:
        return asyncio.run(verify_audit(url, bootstrap=state.bootstrap, topic_prefix=state.topic_prefix))
    except (OSError, SQLAlchemyError, ValueError) as error:
        # The statement that failed is of no use to who reads this.
        raise ended(f"the audit cannot be read: {type(error).__name__}", Exit.DIFFERS) from None


def _answer(verdict: AuditVerdict) -> Any:
    waiting = {"unsealed": verdict.unsealed, "unsealed_for_over_a_minute": verdict.late}
    return {**audit_proof(verdict).model_dump(), **waiting, "breaches": [asdict(each) for each in verdict.breaches]}


def _show(console: Console, verdict: AuditVerdict) -> None:
    table = Table(title=f"{verdict.records:,} audit records, {verdict.anchors:,} anchors", title_justify="left")
    for column in ("partition", "records", "anchored up to", "head"):
        table.add_column(column, justify="left" if column == "head" else "right")
    for chain in verdict.chains:
        cells = (str(chain.partition_no), f"{chain.head.number:,}", f"{chain.anchored:,}", chain.head.hash.hex()[:16])
        table.add_row(*cells)
    console.print(table)
    if verdict.unsealed:
        console.print(f"{verdict.unsealed:,} records are not sealed yet, {verdict.late:,} of them for over a minute")
    for each in verdict.breaches:
        place = f"partition {each.partition_no}, number {each.number}, record {each.record_id or 'none'}"
        console.print(f"{place}: {each.what}", style="red")
    console.print("[green]nothing was touched[/]" if verdict.holds else "[red]the audit is not whole[/]")
