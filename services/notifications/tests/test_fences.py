"""The fences: quiet hours, working days and caps in the recipient's zone (N6, K16, faults 2.34, 2.35)."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.domain.fences import Fences, Permission, civil_time, country_of, permission
from shared.calendars import WorkCalendar

FENCES = Fences()
ZONES = ["Asia/Shanghai", "Europe/Berlin", "Pacific/Auckland", "America/New_York", "America/Sao_Paulo", "Asia/Kolkata"]

instants = st.integers(0, 700 * 24 * 60).map(
    lambda minutes: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
message_days = st.lists(st.dates(date(2024, 12, 20), date(2026, 12, 10)), max_size=12)


def ask(at: datetime, *, zone: str = "Asia/Shanghai", said: tuple[date, ...] = (), by_hand: bool = False) -> Permission:
    """Return when a message may go in the calendar of its zone."""
    local = at.astimezone(ZoneInfo(zone))
    calendar = WorkCalendar.of(country_of(zone) or "ZZ")
    found = permission(FENCES, at=local, calendar=calendar, message_dates=said, by_hand=by_hand)
    assert found is not None
    return found


def shanghai(year: int, month: int, day: int, hour: int = 10, minute: int = 0) -> datetime:
    """Return a civil time in Shanghai."""
    return datetime(year, month, day, hour, minute, tzinfo=ZoneInfo("Asia/Shanghai"))


@given(at=instants, zone=st.sampled_from(ZONES), said=message_days, by_hand=st.booleans())
def test_what_is_permitted_breaks_no_rule(at: datetime, zone: str, said: list[date], by_hand: bool) -> None:  # noqa: FBT001 - Hypothesis passes it
    """N6: never in quiet hours, automatic ones only in office hours of working days, never above the caps."""
    found = ask(at, zone=zone, said=tuple(said), by_hand=by_hand).at

    assert found >= at
    assert time(8) <= found.time() < time(22)
    assert found.date() not in said
    for back in range(7):
        start = found.date() - timedelta(days=back)
        assert sum(start <= each < start + timedelta(days=7) for each in (*said, found.date())) <= 3
    if not by_hand:
        assert time(9) <= found.time() < time(18)
        assert WorkCalendar.of(country_of(zone) or "ZZ").is_working_day(found.date())


@given(at=instants, zone=st.sampled_from(ZONES), said=message_days)
def test_what_waited_for_its_time_goes_at_that_time(at: datetime, zone: str, said: list[date]) -> None:
    """N6: asking again at the permitted time answers that very time, without a rule in the way."""
    found = ask(at, zone=zone, said=tuple(said))

    assert ask(found.at, zone=zone, said=tuple(said)) == Permission(found.at, None)
    assert (found.at == at) == (found.blocked_by is None)


@pytest.mark.parametrize(
    ("at", "expected", "rule"),
    [
        (shanghai(2026, 3, 16, 9, 0), shanghai(2026, 3, 16, 9, 0), None),
        (shanghai(2026, 3, 16, 8, 59), shanghai(2026, 3, 16, 9, 0), "quiet_hours"),
        (shanghai(2026, 3, 16, 17, 59), shanghai(2026, 3, 16, 17, 59), None),
        (shanghai(2026, 3, 16, 18, 0), shanghai(2026, 3, 17, 9, 0), "quiet_hours"),
        (shanghai(2026, 3, 20, 23, 30), shanghai(2026, 3, 23, 9, 0), "quiet_hours"),
        (shanghai(2026, 3, 14, 10, 0), shanghai(2026, 3, 16, 9, 0), "not_a_working_day"),
        (shanghai(2026, 2, 14, 10, 0), shanghai(2026, 2, 14, 10, 0), None),  # a Saturday worked for the Spring Festival
        (shanghai(2026, 2, 17, 10, 0), shanghai(2026, 2, 24, 9, 0), "not_a_working_day"),
    ],
)
def test_office_hours_are_half_open_and_know_made_up_days(at: datetime, expected: datetime, rule: str | None) -> None:
    """N6: [09:00, 18:00) on the working days of China, with those worked for a festival."""
    assert ask(at) == Permission(expected, rule)


def test_a_person_may_send_in_the_evening_and_on_sunday_but_not_at_night() -> None:
    """N6: nobody is contacted from 22:00 to 08:00, whoever sends."""
    assert ask(shanghai(2026, 3, 15, 21, 59), by_hand=True).blocked_by is None
    assert ask(shanghai(2026, 3, 15, 22, 0), by_hand=True) == Permission(shanghai(2026, 3, 16, 8, 0), "quiet_hours")
    assert ask(shanghai(2026, 3, 15, 7, 59), by_hand=True) == Permission(shanghai(2026, 3, 15, 8, 0), "quiet_hours")


def test_the_second_message_of_a_day_goes_the_next_day_and_the_fourth_of_a_week_when_one_is_past() -> None:
    """N6: at most one a day, and three in any seven days in a row."""
    monday = date(2026, 3, 16)
    week = (monday, monday + timedelta(days=1), monday + timedelta(days=2))

    assert ask(shanghai(2026, 3, 16), said=(monday,)) == Permission(shanghai(2026, 3, 17, 9), "daily_cap")
    assert ask(shanghai(2026, 3, 19), said=week) == Permission(shanghai(2026, 3, 23, 9), "weekly_cap")


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Europe/Berlin", date(2026, 3, 30)),
        ("Europe/Berlin", date(2026, 10, 26)),
        ("Pacific/Auckland", date(2026, 9, 28)),
    ],
)
def test_row_35_nine_in_the_morning_is_nine_after_the_clocks_changed(zone: str, day: date) -> None:
    """N6, faults 2.35: hours are the recipient's civil hours on either side of a change."""
    saturday = datetime.combine(day - timedelta(days=2), time(12), tzinfo=ZoneInfo(zone))

    found = ask(saturday, zone=zone).at

    assert (found.date(), found.time()) == (day, time(9))
    assert found.utcoffset() != saturday.utcoffset()


def test_the_fast_clock_shows_ten_in_the_morning_of_the_business_day_wherever_the_recipient_is() -> None:
    """Architecture, three times: civil time under the fast clock is ten in the morning of that day."""
    now = datetime(2026, 11, 22, 3, tzinfo=UTC)

    fast = civil_time(now, day=date(2012, 6, 5), zone="Europe/Berlin", fast_clock=True)

    assert fast == datetime(2012, 6, 5, 10, tzinfo=ZoneInfo("Europe/Berlin"))
    assert civil_time(now, day=date(2012, 6, 5), zone="Asia/Shanghai", fast_clock=False).hour == 11


def test_where_the_rules_leave_no_time_at_all_none_is_found() -> None:
    """N6: a policy without a permitted hour is said, not searched for for ever."""
    never = Fences(per_day=0)

    assert (
        permission(never, at=shanghai(2026, 3, 16), calendar=WorkCalendar.of("CN"), message_dates=(), by_hand=False)
        is None
    )


@pytest.mark.parametrize(
    ("zone", "country"), [("Asia/Shanghai", "CN"), ("Asia/Kolkata", "IN"), ("Europe/Berlin", "DE"), ("UTC", None)]
)
def test_the_calendar_is_that_of_the_country_where_the_zone_lies(zone: str, country: str | None) -> None:
    """N6: working days by calendar; a zone of no country has weekends only."""
    assert country_of(zone) == country
