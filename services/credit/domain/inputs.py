"""What a scorecard may ask about a customer: figures and categories from the profile and the habit (C2)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import get_args

from services.credit.domain.habits import Habit, window_start
from services.credit.domain.profile import DATED, Kind, Profile, RegistrationState, SizeClass, Standing
from shared.money import Money, minor_digits

Value = Decimal | str

_DAYS_A_YEAR = Decimal("365.25")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A customer on a day: what was known then. Sums count in one currency, at the rough rates of the scorecard."""

    profile: Profile
    habit: Habit
    as_of: date
    window_days: int
    rates: Mapping[str, Decimal]

    @property
    def since(self) -> date:
        """The first day of the window over which habits are measured."""
        return window_start(self.as_of, self.window_days)

    def major(self, money: Money | None) -> Decimal | None:
        """Return a sum in major units of the scorecard's currency; None in a currency that it has no rate for."""
        if money is None or money.currency not in self.rates:
            return None
        return Decimal(money.minor).scaleb(-minor_digits(money.currency)) * self.rates[money.currency]


Read = Callable[[Subject], Value | None]


def _founded(subject: Subject) -> Decimal | None:
    founded = subject.profile.founding_date
    return (subject.as_of - founded).days / _DAYS_A_YEAR if founded else None


def _relation(subject: Subject) -> Decimal | None:
    return _number(subject.habit.age_days(subject.as_of))


def _since_invoices(read: Callable[[Subject], int]) -> Read:
    """Without any invoice nothing was overdue and nothing was promised, but that says nothing of the customer."""
    return lambda subject: Decimal(read(subject)) if subject.habit.first_invoice_date else None


def _of_statement(name: str) -> Read:
    def read(subject: Subject) -> Decimal | None:
        statement = subject.profile.financials
        ratio: Decimal | None = getattr(statement, name)() if statement else None
        return ratio

    return read


def _of_bank(name: str) -> Read:
    def read(subject: Subject) -> Decimal | None:
        summary = subject.profile.bank_summary
        return subject.major(Money(getattr(summary, name), summary.currency)) if summary else None

    return read


def _of_profile(name: str) -> Read:
    def read(subject: Subject) -> Value | None:
        value = getattr(subject.profile, name)
        return _number(value) if isinstance(value, int) else value

    return read


def _number(value: int | None) -> Decimal | None:
    return Decimal(value) if value is not None else None


NUMBERS: Mapping[str, Read] = {
    "years_founded": _founded,
    "registered_capital": lambda subject: subject.major(subject.profile.registered_capital),
    "annual_sales": lambda subject: subject.major(subject.profile.annual_sales),
    "insured_amount": lambda subject: subject.major(subject.profile.insured_amount),
    "current_ratio": _of_statement("current_ratio"),
    "debt_pct": _of_statement("debt_pct"),
    "net_margin_pct": _of_statement("net_margin_pct"),
    "altman_z": _of_statement("altman_z"),
    "average_balance": _of_bank("average_balance_minor"),
    "monthly_inflow": _of_bank("monthly_inflow_minor"),
    "judgments_count": _of_profile("judgments_count"),
    "enforcements_count": _of_profile("enforcements_count"),
    "relation_days": _relation,
    "paid_invoices": _since_invoices(lambda subject: subject.habit.paid_invoices),
    "late_pct": lambda subject: subject.habit.late_pct(since=subject.since),
    "average_delay_days": lambda subject: subject.habit.average_delay_days(since=subject.since),
    "overdue_days": _since_invoices(lambda subject: subject.habit.overdue_days(subject.as_of)),
    "promises_broken": _since_invoices(lambda subject: subject.habit.broken_since(subject.since)),
}
"""Figures, by name; bins part them by ranges."""

CATEGORIES: Mapping[str, tuple[str, ...]] = {
    "kind": get_args(Kind),
    "registration_state": get_args(RegistrationState),
    "industry_standing": get_args(Standing),
    "size_class": get_args(SizeClass),
}
"""Categories, by name, with all their values; bins part them by values."""


_READ_FROM: Mapping[str, str] = {
    "years_founded": "founding_date",
    **dict.fromkeys(("current_ratio", "debt_pct", "net_margin_pct", "altman_z"), "financials"),
    **dict.fromkeys(("average_balance", "monthly_inflow"), "bank_summary"),
}


def read_input(name: str, subject: Subject) -> Value | None:
    """Return the input of this name; None where it is not known."""
    return NUMBERS[name](subject) if name in NUMBERS else _of_profile(name)(subject)


def read_inputs(subject: Subject) -> dict[str, Value | None]:
    """Return all that a scorecard may ask about a customer, by name; None where it is not known."""
    return {name: read_input(name, subject) for name in (*NUMBERS, *CATEGORIES)}


def item_of(name: str) -> str | None:
    """Return the item of the profile from which an input is read; None where it is a habit."""
    item = _READ_FROM.get(name, name)
    return item if item in DATED else None
