"""Lays out the facts of a message as the plain values that a template may show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.notifications.domain.contact import ContactPoint
from services.notifications.domain.decision import SpokenLine
from services.notifications.domain.payee import accounts_on
from services.notifications.domain.wording import amount_in, date_in, rate_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Who demands what of whom: everything that a letter is made from."""

    contact: ContactPoint
    creditor_name: str
    payee: Mapping[str, Any]
    spoken: Sequence[SpokenLine]
    day: date
    answer_working_days: int | None
    remark: str = ""


def letter(demand: Demand) -> dict[str, Any]:
    """Return the names a template knows: recipient, creditor, payee, accounts, date, lines, totals, reference, ...

    Of the accounts there is one for each currency that has its own; the payee names the first. `remark` is what a
    person added to this message. All are text, whole numbers, or lists of such, so that a template can show, repeat
    and choose, and compute nothing.
    """
    language = demand.contact.language
    rates = sorted({line.debt.penalty_pct_per_day for line in demand.spoken if line.debt.penalty_pct_per_day})
    numbers = dict.fromkeys(line.debt.invoice_number for line in demand.spoken)
    currencies = sorted({line.debt.currency for line in demand.spoken})
    accounts = accounts_on(demand.payee, currencies=currencies, day=demand.day)
    return {
        "recipient": {
            "name": demand.contact.name,
            "company": demand.contact.company_name,
            "number": demand.contact.customer_number,
        },
        "creditor": {"name": demand.creditor_name, "address": demand.payee.get("address") or ""},
        "payee": {"phone": demand.payee["phone"], "email": demand.payee["email"], **accounts[0]},
        "accounts": accounts,
        "date": date_in(language, demand.day),
        "lines": [_line(line, language, demand.day) for line in demand.spoken],
        "totals": [amount_in(language, minor, currency) for currency, minor in sums(demand.spoken)],
        "reference": ", ".join(numbers),
        "penalty_rates": [rate_in(language, each) for each in rates],
        "most_days_past_due": max((demand.day - line.debt.due_date).days for line in demand.spoken),
        "answer_working_days": demand.answer_working_days,
        "remark": demand.remark,
    }


def _line(line: SpokenLine, language: str, day: date) -> dict[str, Any]:
    debt = line.debt
    return {
        "invoice": debt.invoice_number,
        "ordinal": debt.ordinal,
        "due_date": date_in(language, debt.due_date),
        "days_past_due": max((day - debt.due_date).days, 0),
        "amount": amount_in(language, line.collectible_minor, debt.currency),
    }


def sums(spoken: Sequence[SpokenLine]) -> list[tuple[str, int]]:
    """Return one total for each currency: amounts in different currencies never add up."""
    found: dict[str, int] = {}
    for line in spoken:
        found[line.debt.currency] = found.get(line.debt.currency, 0) + line.collectible_minor
    return sorted(found.items())
