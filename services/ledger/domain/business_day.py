"""Which dates a fact may bear while a business day is open, and which days are opened next (L7)."""

from datetime import date, timedelta

from services.ledger.domain.refusals import Conflict, Invalid

AHEAD_DAYS = 31
"""How far ahead of the open day an invoice may be dated."""

FURTHEST_DUE_DAYS = 3653
"""Ten years: a due date beyond them is a slip of the pen (faults 3.13)."""

MISSED_DAYS = 3653
"""More missed days than this are no pause of the house but a mistyped year."""


def check_effective(effective_date: date, *, open_day: date, pointer: str) -> None:
    """Raise Invalid where a fact would take effect after the open day."""
    if effective_date > open_day:
        raise Invalid(f"Later than the open business day, {open_day}.", pointer=pointer)


def check_issue(issue_date: date, *, open_day: date) -> None:
    """Raise Invalid where an invoice is dated more than 31 days after the open day."""
    if issue_date > open_day + timedelta(days=AHEAD_DAYS):
        raise Invalid(f"More than {AHEAD_DAYS} days after the open business day, {open_day}.", pointer="/issue_date")


def days_to_open(asked: date, *, first: date | None, last: date | None, today: date | None) -> list[date]:
    """Return the days still to be opened so that `asked` is open, in order; none where it has been asked for before.

    `first` and `last` are the days that the ledger knows; the very first day may be any. `today` is the civil date, or
    None under the fast clock, where days pass as fast as they are asked for.
    """
    if today is not None and asked > today:
        raise Invalid("This day has not come.", pointer="/day")
    if first is None or last is None:
        return [asked]
    if asked < first:
        raise Conflict(f"The books begin on {first}.")
    if (asked - last).days > MISSED_DAYS:
        raise Invalid(f"More than {MISSED_DAYS} days after the last one, {last}.", pointer="/day")
    return [last + timedelta(days=count) for count in range(1, (asked - last).days + 1)]
