"""The columns of an imported CSV file, and how one of its rows says the same as the JSON body of a single POST."""

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_WHOLE = re.compile(r"[0-9]{1,9}")

Cells = Mapping[str, str]


class BadHeader(ValueError):
    """The first line names no usable set of columns; `errors` says what to change, by column number."""

    def __init__(self, errors: Sequence[str]) -> None:
        super().__init__("; ".join(errors))
        self.errors = tuple(errors)


class BadRow(ValueError):
    """A row cannot be read; the message says why, `column` where, and neither repeats a value."""

    def __init__(self, reason: str, *, column: str = "") -> None:
        super().__init__(reason)
        self.column = column


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """What a kind of file may hold.

    `body` makes the JSON body of a row's filled cells. `column_of` names the column behind a place in that body (its
    first and last part) that breaks a rule.
    """

    required: tuple[str, ...]
    optional: tuple[str, ...]
    body: Callable[[Cells], dict[str, Any]]
    column_of: Mapping[tuple[str, str], str]

    def blamed(self, place: Sequence[str | int]) -> str:
        """Return the column that a place in the body comes from; empty where it is the row as a whole."""
        if not place:
            return ""
        first, last = str(place[0]), str(place[-1])
        known = first if first in self.required or first in self.optional else ""
        return self.column_of.get((first, last), known)


@dataclass(frozen=True, slots=True)
class Header:
    """The columns of one file, in its order."""

    names: tuple[str, ...]
    columns: Columns

    @classmethod
    def of(cls, text: str, *, columns: Columns) -> "Header":
        """Read the first line; raise BadHeader with all that is wrong with it."""
        names = _names(text)
        known = columns.required + columns.optional
        errors = [
            f"column {at} is not one of {', '.join(known)}" for at, name in enumerate(names, 1) if name not in known
        ]
        errors += [f"{name} stands {names.count(name)} times" for name in known if names.count(name) > 1]
        errors += [f"{name} is missing" for name in columns.required if name not in names]
        if errors:
            raise BadHeader(errors)
        return cls(names, columns)

    def body(self, text: str) -> dict[str, Any]:
        """Return the JSON body that a row means; an empty cell says nothing."""
        cells = _cells(text)
        if len(cells) != len(self.names):
            raise BadRow(f"the row has {len(cells)} cells, the header {len(self.names)}")
        filled = {name: cell for name, cell in zip(self.names, cells, strict=True) if cell}
        for name in self.columns.required:
            if name not in filled:
                raise BadRow("this must be filled", column=name)
        return self.columns.body(filled)


def _names(text: str) -> tuple[str, ...]:
    try:
        names = tuple(name.strip() for name in _cells(text))
    except BadRow as error:
        raise BadHeader([str(error)]) from None
    if len(names) <= 1:
        raise BadHeader(["the first line must name the columns, separated by commas"])
    return names


def _cells(text: str) -> list[str]:
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error:
        raise BadRow("no CSV row: a quote is not closed, text follows a closing quote, or a cell is too long") from None


def _invoice(cells: Cells) -> dict[str, Any]:
    plain = ("entity", "number", "customer_number", "contract_reference", "order_number", "issue_date", "currency")
    body: dict[str, Any] = {name: cells[name] for name in (*plain, "total", "penalty_pct_per_day") if name in cells}
    body["lines"] = [{"description": cells.get("description", cells["number"]), "amount": cells["net_amount"]}]
    body["tax"] = cells.get("tax", "0")
    if "security_rank" in cells:
        body["security_rank"] = _whole(cells, "security_rank")
    if "due_date" in cells and "net_days" in cells:
        raise BadRow("give due_date or net_days, not both", column="net_days")
    if "due_date" in cells:
        body["instalments"] = [{"due_date": cells["due_date"], "amount": cells["total"]}]
    if "net_days" in cells:
        body["terms"] = {"kind": "net", "days": _whole(cells, "net_days")}
    return body


def _payment(cells: Cells) -> dict[str, Any]:
    body: dict[str, Any] = {name: cell for name, cell in cells.items() if name != "invoice_number"}
    if "invoice_number" in cells:
        body["remittance"] = [{"invoice_number": cells["invoice_number"]}]
    return body


def _whole(cells: Cells, name: str) -> int:
    if not _WHOLE.fullmatch(cells[name]):
        raise BadRow("must be a whole number in ASCII digits", column=name)
    return int(cells[name])


INVOICES = Columns(
    required=("entity", "number", "customer_number", "issue_date", "currency", "net_amount", "total"),
    optional=(
        "tax",
        "due_date",
        "net_days",
        "contract_reference",
        "order_number",
        "description",
        "penalty_pct_per_day",
        "security_rank",
    ),
    body=_invoice,
    column_of={
        ("lines", "amount"): "net_amount",
        ("lines", "description"): "description",
        ("instalments", "due_date"): "due_date",
        ("instalments", "amount"): "total",
        ("terms", "days"): "net_days",
        ("terms", "terms"): "due_date",
    },
)
"""One row is one invoice of one line; its due date is given, or follows from `net_days` or its contract (L1, L2)."""

PAYMENTS = Columns(
    required=("entity", "customer_number", "source", "reference", "received_date", "currency", "amount"),
    optional=("invoice_number",),
    body=_payment,
    column_of={("remittance", "invoice_number"): "invoice_number"},
)
"""One row is one payment, which may designate one invoice; several designations go by NDJSON (L4, L5)."""
