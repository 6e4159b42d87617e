"""Terms of payment: from the issue date of an invoice to the date on which it is due (L1)."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal


@dataclass(frozen=True, slots=True)
class NetDays:
    """So many days after the issue date."""

    days: int


@dataclass(frozen=True, slots=True)
class EndOfMonth:
    """So many days after the end of the month of the issue date."""

    days: int


@dataclass(frozen=True, slots=True)
class FixedDay:
    """That day of the month, so many months after that of the issue date; the last day where the month is shorter."""

    day: int
    months: int


Terms = NetDays | EndOfMonth | FixedDay

TermsSource = Literal["invoice", "contract", "credit", "order"]
"""Where an invoice has its due dates from: itself, its contract, or credit, by a promise to its order or as of now."""


@dataclass(frozen=True, slots=True)
class CreditTerms:
    """The longest net days that credit allows an invoice."""

    days: int
    source: Literal["credit", "order"]

    def due_date(self, *, issue_date: date) -> date:
        """Return the latest due date that they allow."""
        return issue_date + timedelta(days=self.days)


def due_date(terms: Terms, *, issue_date: date) -> date:
    """Return the due date that `terms` give an invoice of `issue_date`."""
    match terms:
        case NetDays(days):
            return issue_date + timedelta(days=days)
        case EndOfMonth(days):
            return _day_of_month(issue_date, day=31, months=0) + timedelta(days=days)
        case FixedDay(day, months):
            return _day_of_month(issue_date, day=day, months=months)


def _day_of_month(start: date, *, day: int, months: int) -> date:
    years, month_index = divmod(start.month - 1 + months, 12)
    year, month = start.year + years, month_index + 1
    return date(year, month, min(day, monthrange(year, month)[1]))
