"""Lays what the system tells of a file beside what other code counts straight from its text."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from dueflow_client import Dueflow

from checker.everything import Verdict
from demo.figures import invoice_totals
from demo.file_run import FileRun
from demo.mapping import Mapping
from demo.recount import Position, recount
from demo.report import Figure, FileFigures, FilePosition, RefusedRow
from shared.money import minor_digits

_MONTHS_A_QUARTER = 3


async def file_figures(path: Path, run: FileRun, verdict: Verdict) -> FileFigures:
    """Return every figure of the file as found and as expected."""
    reading, mapping = run.reading, run.reading.mapping
    bad = sorted([*reading.bad, *run.refused], key=lambda row: row.line)
    counted = recount(
        path,
        mapping,
        without_lines={line for row in bad for line in range(row.line, row.line + row.lines)},
        dates=[day for day in mapping.report_dates or _quarter_ends(run) if day <= run.last_day],
        last_day=run.last_day,
    )
    totals = [Decimal(total) async for total in invoice_totals(run.dueflow, entity=mapping.entity.code)]
    overdue = [event for event in verdict.overdue if event.entity == mapping.entity.code]
    return FileFigures(
        file=path.name,
        mapping=mapping.name,
        currency=mapping.currency,
        rows=len(reading.rows) + len(reading.bad),
        bad_rows=[RefusedRow(line=row.line, column=row.column, reason=row.reason) for row in bad],
        invoices=_count(len(totals), counted.invoices),
        amount=_amount(sum(totals, Decimal(0)), counted.amount, mapping.currency),
        late=_count(len({event.invoice_id for event in overdue}), counted.late),
        overdue_by_days=_count(run.overdue, counted.late_by_days) if run.alone else None,
        overdue_events=_count(len(overdue), counted.late),
        positions=[await _position(run.dueflow, each, mapping) for each in counted.positions],
    )


async def _position(dueflow: Dueflow, expected: Position, mapping: Mapping) -> FilePosition:
    currency = mapping.currency
    answer = await dueflow.ledger.aging(as_of=expected.as_of, entity=mapping.entity.code, currency=currency)
    found: Any = next(iter(answer["totals"]), None) or {
        "open_invoices": 0,
        "open": "0",
        "overdue_invoices": 0,
        "overdue": "0",
    }
    return FilePosition(
        as_of=expected.as_of,
        open_invoices=_count(found["open_invoices"], expected.open_invoices),
        open=_amount(Decimal(found["open"]), expected.open, currency),
        overdue_invoices=_count(found["overdue_invoices"], expected.overdue_invoices),
        overdue=_amount(Decimal(found["overdue"]), expected.overdue, currency),
    )


def _count(found: int, expected: int) -> Figure:
    return Figure(found=str(found), expected=str(expected), agrees=found == expected)


def _amount(found: Decimal, expected: Decimal, currency: str) -> Figure:
    digits = minor_digits(currency)
    return Figure(found=f"{found:.{digits}f}", expected=f"{expected:.{digits}f}", agrees=found == expected)


def _quarter_ends(run: FileRun) -> Iterator[date]:
    """Yield the last day of every quarter of the run, and its last day."""
    for number in range((run.last_day - run.first_day).days):
        day = run.first_day + timedelta(days=number)
        if day.month % _MONTHS_A_QUARTER == 0 and (day + timedelta(days=1)).day == 1:
            yield day
    yield run.last_day
