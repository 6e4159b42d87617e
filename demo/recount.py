"""Counts a file's figures straight from its text, by other code than imports it: the figures to compare with."""

import csv
import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from demo.mapping import Mapping


@dataclass(frozen=True, slots=True)
class Position:
    """What was open, and what of it was past due, at the end of a day."""

    as_of: date
    open_invoices: int
    open: Decimal
    overdue_invoices: int
    overdue: Decimal


@dataclass(frozen=True, slots=True)
class Recount:
    """The figures of a file."""

    invoices: int
    amount: Decimal
    late: int
    late_by_days: int
    positions: list[Position]


@dataclass(frozen=True, slots=True)
class _Debt:
    issued: date
    due: date
    settled: date
    amount: Decimal


def recount(
    path: Path,
    mapping: Mapping,
    *,
    without_lines: Collection[int],
    dates: Iterable[date],
    last_day: date,
) -> Recount:
    """Count the rows that are not on `without_lines`, up to `last_day`.

    Late = settled after due, or due before the last day and not settled; late by days = those of them not late
    when they were issued; open at D: issued <= D < settled.
    """
    debts = list(_debts(path, mapping, without_lines))
    late = [debt for debt in debts if debt.due < min(debt.settled, last_day)]
    return Recount(
        invoices=len(debts),
        amount=sum((debt.amount for debt in debts), Decimal(0)),
        late=len(late),
        late_by_days=sum(debt.issued <= debt.due for debt in late),
        positions=[_position(debts, as_of) for as_of in dates],
    )


def _debts(path: Path, mapping: Mapping, without_lines: Collection[int]) -> Iterator[_Debt]:
    columns = mapping.columns
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        good = (text for line, text in enumerate(file, 1) if line not in without_lines)
        for record in csv.DictReader(good, delimiter=mapping.delimiter):
            settled = record[columns.settled_date] if columns.settled_date else ""
            amount = record[columns.amount].replace(mapping.thousands_separator, "").replace(mapping.decimal_point, ".")
            yield _Debt(
                issued=_day(record[columns.issue_date], mapping),
                due=_day(record[columns.due_date], mapping),
                settled=_day(settled, mapping) if settled.strip() else date.max,
                amount=Decimal(amount.strip()),
            )


def _day(text: str, mapping: Mapping) -> date:
    return date(*time.strptime(text.strip(), mapping.date_format)[:3])


def _position(debts: list[_Debt], as_of: date) -> Position:
    still_open = [debt for debt in debts if debt.issued <= as_of < debt.settled]
    overdue = [debt for debt in still_open if debt.due < as_of]
    return Position(
        as_of,
        len(still_open),
        sum((debt.amount for debt in still_open), Decimal(0)),
        len(overdue),
        sum((debt.amount for debt in overdue), Decimal(0)),
    )
