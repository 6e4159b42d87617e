"""Terms of payment, and the calendar of business days (L1, L7)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ledger.domain.business_day import check_effective, check_issue, days_to_open
from services.ledger.domain.refusals import Conflict, Invalid
from services.ledger.domain.terms import EndOfMonth, FixedDay, NetDays, Terms, due_date

DAY = date(2026, 3, 31)


@pytest.mark.parametrize(
    ("terms", "issued", "due"),
    [
        (NetDays(30), date(2026, 1, 31), date(2026, 3, 2)),
        (NetDays(0), date(2026, 1, 31), date(2026, 1, 31)),
        (EndOfMonth(15), date(2024, 2, 10), date(2024, 3, 15)),
        (EndOfMonth(0), date(2026, 12, 1), date(2026, 12, 31)),
        (FixedDay(10, 1), date(2026, 12, 20), date(2027, 1, 10)),
        (FixedDay(31, 1), date(2026, 1, 5), date(2026, 2, 28)),
        (FixedDay(5, 14), date(2026, 1, 5), date(2027, 3, 5)),
    ],
)
def test_terms_give_the_due_date(terms: Terms, issued: date, due: date) -> None:
    """L1: net days, end of month plus days, a fixed day."""
    assert due_date(terms, issue_date=issued) == due


def test_facts_bear_a_date_up_to_the_open_day_and_invoices_31_days_more() -> None:
    """L7."""
    check_effective(DAY, open_day=DAY, pointer="/x")
    check_issue(DAY + timedelta(days=31), open_day=DAY)
    with pytest.raises(Invalid):
        check_effective(DAY + timedelta(days=1), open_day=DAY, pointer="/x")
    with pytest.raises(Invalid):
        check_issue(DAY + timedelta(days=32), open_day=DAY)


@given(known=st.integers(0, 50), asked=st.integers(-10, 50))
def test_every_date_is_opened_once_and_in_order(known: int, asked: int) -> None:
    """L7: weekends too; missed days are caught up; a day that is open is not opened again."""
    last = DAY + timedelta(days=known)
    wanted = last + timedelta(days=asked)
    if wanted < DAY:
        with pytest.raises(Conflict):
            days_to_open(wanted, first=DAY, last=last, today=None)
        return
    days = days_to_open(wanted, first=DAY, last=last, today=None)
    assert days == [last + timedelta(days=each) for each in range(1, max(asked, 0) + 1)]


def test_a_day_that_has_not_come_and_a_mistyped_year_are_refused() -> None:
    """L7: the civil clock knows today, the fast clock does not."""
    assert days_to_open(DAY, first=None, last=None, today=DAY) == [DAY]
    with pytest.raises(Invalid):
        days_to_open(DAY + timedelta(days=1), first=None, last=None, today=DAY)
    with pytest.raises(Invalid):
        days_to_open(date(2062, 1, 1), first=DAY, last=DAY, today=None)
