"""Turns what is known of a customer into JSON and back, so that the history of changes can be read as values."""

from dataclasses import fields
from datetime import date
from functools import cache
from typing import Any, TypeVar, get_args, get_type_hints

from services.credit.domain.financials import BankSummary, Financials
from services.credit.domain.profile import Profile
from services.credit.store.values import row_of
from shared.money import Money, format_amount, parse_amount

T = TypeVar("T", bound=Financials | BankSummary)


def to_json(value: Any) -> Any:
    """Return a fact as JSON: a sum with its currency, a date as text, a statement by its figures."""
    match value:
        case Money(minor, currency):
            return {"amount": format_amount(minor, currency), "currency": currency}
        case Financials() | BankSummary():
            return _figures(value)
        case date():
            return value.isoformat()
        case _:
            return value


def from_json(field: str, value: Any) -> Any:
    """Return the fact of this field of a profile that `to_json` turned into JSON."""
    if value is None:
        return None
    kind = _kind_of(field)
    if kind is Money:
        return Money(parse_amount(value["amount"], value["currency"]), value["currency"])
    if kind in {Financials, BankSummary}:
        return read_figures(kind, value)
    return date.fromisoformat(value) if kind is date else value


def read_figures(kind: type[T], value: dict[str, Any]) -> T:
    """Return the statement that `to_json` turned into JSON; a figure that was not asked for then is not known."""
    return kind(**{each.name: _figure(each.name, value) for each in fields(kind)})


def _figure(name: str, value: dict[str, Any]) -> Any:
    if name.endswith("_minor"):
        amount = value.get(name.removesuffix("_minor"))
        return None if amount is None else parse_amount(amount, value["currency"])
    return date.fromisoformat(value[name]) if name.endswith("_date") else value[name]


def _figures(statement: Financials | BankSummary) -> dict[str, str | None]:
    row = row_of(statement)
    plain = {name: str(value) for name, value in row.items() if not name.endswith("_minor")}
    sums = {name.removesuffix("_minor"): minor for name, minor in row.items() if name.endswith("_minor")}
    return plain | {
        name: None if minor is None else format_amount(minor, statement.currency) for name, minor in sums.items()
    }


@cache
def _kind_of(field: str) -> Any:
    hint = get_type_hints(Profile)[field]
    return get_args(hint)[0] if type(None) in get_args(hint) else hint
