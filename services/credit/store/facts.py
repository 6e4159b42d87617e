"""Turns what is known of a customer into JSON and back, so that the history of changes can be read as values."""

from datetime import date
from functools import cache
from typing import Any, get_args, get_type_hints

from services.credit.domain.financials import Financials
from services.credit.domain.profile import Profile
from services.credit.store.values import row_of
from shared.money import Money, format_amount, parse_amount


def to_json(value: Any) -> Any:
    """Return a fact as JSON: a sum with its currency, a date as text, a statement by its figures."""
    match value:
        case Money(minor, currency):
            return {"amount": format_amount(minor, currency), "currency": currency}
        case Financials():
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
    if kind is Financials:
        return read_financials(value)
    return date.fromisoformat(value) if kind is date else value


def read_financials(value: dict[str, Any]) -> Financials:
    """Return the statement that `to_json` turned into JSON."""
    statement_date, currency = date.fromisoformat(value["statement_date"]), value["currency"]
    sums = {
        f"{name}_minor": parse_amount(value[name], currency) for name in set(value) - {"statement_date", "currency"}
    }
    return Financials(statement_date=statement_date, currency=currency, **sums)


def _figures(statement: Financials) -> dict[str, str]:
    sums = {name: minor for name, minor in row_of(statement).items() if name.endswith("_minor")}
    return {
        "statement_date": statement.statement_date.isoformat(),
        "currency": statement.currency,
        **{name.removesuffix("_minor"): format_amount(minor, statement.currency) for name, minor in sums.items()},
    }


@cache
def _kind_of(field: str) -> Any:
    hint = get_type_hints(Profile)[field]
    return get_args(hint)[0] if type(None) in get_args(hint) else hint
