"""The columns by which a file states facts of customers: a cell is text, a part of a sum, a count or a flag (C1)."""

from collections.abc import Mapping
from typing import Any

_PLAIN = (
    "customer_number",
    "name",
    "tax_number",
    "kind",
    "country",
    "industry",
    "group",
    "grade",
    "registration_number",
    "registration_state",
    "founding_date",
    "industry_standing",
    "size_class",
    "key_customer",
    "judgments_count",
    "enforcements_count",
)
_PARTS = {
    **dict.fromkeys(("limit", "registered_capital", "annual_sales", "insured_amount"), ("amount", "currency")),
    "financials": (
        "statement_date",
        "currency",
        "current_assets",
        "current_liabilities",
        "total_assets",
        "total_liabilities",
        "sales",
        "net_profit",
        "retained_earnings",
        "ebit",
    ),
    "bank_summary": ("start_date", "end_date", "currency", "average_balance", "monthly_inflow"),
}
_PATHS: dict[str, tuple[str, ...]] = {name: (name,) for name in _PLAIN} | {
    f"{name}_{part}": (name, part) for name, parts in _PARTS.items() for part in parts
}
_COUNTS = {"judgments_count", "enforcements_count"}
_FLAGS = {"true": True, "false": False}

COLUMNS = tuple(_PATHS)
"""Every column; a file may name any of them once."""


def body_of(cells: Mapping[str, str]) -> dict[str, Any]:
    """Return the filled cells as the body that states them; what does not read as a count or a flag stays text."""
    body: dict[str, Any] = {}
    for column, cell in cells.items():
        name, *part = _PATHS[column]
        if part:
            body.setdefault(name, {})[part[0]] = cell
        else:
            body[name] = _read(column, cell)
    return body


def column_of(place: tuple[int | str, ...]) -> str:
    """Return the column of a place in the body; of a sum as a whole the column of its amount."""
    name = "_".join(str(part) for part in place)
    return name if name not in _PARTS else f"{name}_{_PARTS[name][0]}"


def _read(column: str, cell: str) -> Any:
    if column in _COUNTS and cell.isascii() and cell.isdigit() and len(cell) < 10:  # noqa: PLR2004 - fits any count
        return int(cell)
    return _FLAGS.get(cell, cell) if column == "key_customer" else cell
