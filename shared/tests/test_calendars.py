"""Working days: the data, the corrections, the known end, and the laws of counting."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.calendars import WorkCalendar

CN = WorkCalendar.of("CN")
DAYS = st.dates(date(2020, 1, 1), date(2028, 12, 31))
COUNTRIES = st.sampled_from(["CN", "US", "DE", "AE", "XX"]).map(WorkCalendar.of)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 2, 14), True),  # a Saturday that makes up for the Spring Festival (libraries.md)
        (date(2026, 2, 17), False),
        (date(2026, 10, 1), False),
        (date(2026, 11, 21), False),
        (date(2026, 11, 23), True),
    ],
)
def test_china_works_make_up_saturdays_and_rests_on_festivals(day: date, *, works: bool) -> None:
    """K3: working days of the creditor's country."""
    assert CN.is_working_day(day) is works


def test_beyond_its_known_end_a_calendar_counts_weekends_only() -> None:
    """N6: a calendar with a known end; beyond it a warning, never a crash."""
    assert CN.complete_through == date(2026, 12, 31)
    assert CN.is_working_day(date(2027, 10, 1))
    assert not CN.is_working_day(date(2027, 10, 2))


def test_an_unknown_country_has_weekends() -> None:
    """N6: never a crash for a country without data."""
    assert WorkCalendar.of("XX").next_working_day(date(2026, 11, 21)) == date(2026, 11, 23)


def test_a_country_with_another_weekend() -> None:
    """N6: the weekend is the country's."""
    assert WorkCalendar.of("SA").is_working_day(date(2026, 11, 22))
    assert not WorkCalendar.of("SA").is_working_day(date(2026, 11, 20))


@given(calendar=COUNTRIES, day=DAYS, count=st.integers(1, 40))
def test_counting_forth_and_back_returns(calendar: WorkCalendar, day: date, count: int) -> None:
    """K3: n working days after a working day, and n back, is that day."""
    start = calendar.next_working_day(day)
    assert calendar.add_working_days(calendar.add_working_days(start, count), -count) == start


@given(calendar=COUNTRIES, day=DAYS, count=st.integers(1, 20))
def test_the_period_holds_exactly_that_many_working_days(calendar: WorkCalendar, day: date, count: int) -> None:
    """K3: the day itself is not counted, the last one is."""
    end = calendar.add_working_days(day, count)
    span = [day + timedelta(days=each) for each in range(1, (end - day).days + 1)]
    assert sum(calendar.is_working_day(each) for each in span) == count
    assert calendar.is_working_day(end)
