"""New customers start small and grow step by step, with each quarter of good payment (C4)."""

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from services.credit.domain.habits import Debt

WHOLE_PCT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class NewcomerPolicy:
    """Who is new, with which share of the computed limit he starts, and what a good quarter adds."""

    months: int
    paid_invoices: int
    start_pct: int
    step_pct: int
    step_months: int
    delay_days: int


@dataclass(frozen=True, slots=True)
class Growth:
    """How many good quarters there were, and where the running one began; None before the first invoice."""

    steps: int = 0
    quarter_start: date | None = None

    def share_pct(self, policy: NewcomerPolicy) -> int:
        """Return the share of the computed limit that is given."""
        return min(WHOLE_PCT, policy.start_pct + policy.step_pct * self.steps)

    def quarter_end(self, policy: NewcomerPolicy) -> date | None:
        """Return the first day after the running quarter; None before the first invoice, or where all is given."""
        if self.quarter_start is None or self.share_pct(policy) == WHOLE_PCT:
            return None
        return months_after(self.quarter_start, policy.step_months)


def new_until(first_invoice_date: date, policy: NewcomerPolicy) -> date:
    """Return the day from which the customer is long enough with us."""
    return months_after(first_invoice_date, policy.months)


def is_newcomer(*, first_invoice_date: date | None, paid_invoices: int, policy: NewcomerPolicy, as_of: date) -> bool:
    """Return whether the customer is new: not long enough with us, or too few invoices paid."""
    if first_invoice_date is None or paid_invoices < policy.paid_invoices:
        return True
    return as_of < new_until(first_invoice_date, policy)


def grow(growth: Growth, debts: Iterable[Debt], *, policy: NewcomerPolicy, as_of: date) -> Growth:
    """Return the growth once every quarter that is over by `as_of` has been looked at, one after the other.

    A quarter is good if something was paid in it, and no debt passed the permitted delay in it, paid later or not.
    """
    known = list(debts)
    while (end := growth.quarter_end(policy)) is not None and end <= as_of and growth.quarter_start is not None:
        good = _is_good(known, start=growth.quarter_start, end=end, policy=policy)
        growth = replace(growth, steps=growth.steps + good, quarter_start=end)
    return growth


def months_after(day: date, months: int) -> date:
    """Return the same day so many months later; the last day where the month is shorter."""
    years, index = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, index + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def _is_good(debts: Iterable[Debt], *, start: date, end: date, policy: NewcomerPolicy) -> bool:
    was_paid = False
    for debt in debts:
        too_late = debt.due_date + timedelta(days=policy.delay_days + 1)
        unpaid = debt.open_minor > 0 or (debt.paid_date is not None and debt.paid_date >= too_late)
        if start <= too_late < end and unpaid:
            return False
        was_paid = was_paid or (debt.paid_date is not None and start <= debt.paid_date < end)
    return was_paid
