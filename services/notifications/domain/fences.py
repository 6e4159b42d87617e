"""When a message may go: quiet hours, working days, caps per day and week, in the recipient's time (N6, K16)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from babel.core import get_global

FAST_CLOCK_HOUR = time(10)
HORIZON_DAYS = 366

_NO_COUNTRIES = (None, "ZZ", "001")  # CLDR: unknown, and the world


class WorkingDays(Protocol):
    """The part of a calendar that the fences need."""

    def is_working_day(self, day: date, /) -> bool:
        """Return whether people work on this day."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Fences:
    """The rules of contact; hours are half-open and local, a week is any seven days in a row."""

    automatic_from: time = time(9)
    automatic_until: time = time(18)
    waking_from: time = time(8)
    waking_until: time = time(22)
    per_day: int = 1
    per_week: int = 3


@dataclass(frozen=True, slots=True)
class Permission:
    """The earliest civil time at which the message may go, and the first rule that stands before it, if one does."""

    at: datetime
    blocked_by: str | None


def civil_time(now: datetime, *, day: date, zone: str, fast_clock: bool) -> datetime:
    """Return what the recipient's clock shows; on the fast clock it is ten in the morning of the business day."""
    local = ZoneInfo(zone)
    return datetime.combine(day, FAST_CLOCK_HOUR, tzinfo=local) if fast_clock else now.astimezone(local)


def country_of(zone: str) -> str | None:
    """Return the country whose zone this is (ISO 3166-1), or None for zones of no country such as UTC."""
    canonical = get_global("zone_aliases").get(zone, zone)
    country = get_global("zone_territories").get(canonical)
    return None if country in _NO_COUNTRIES else country


def permission(
    fences: Fences,
    *,
    at: datetime,
    calendar: WorkingDays,
    message_dates: Collection[date],
    by_hand: bool,
    own_dates: Collection[date] = (),
) -> Permission | None:
    """Return when a message ready at `at` may go; `message_dates` are the civil dates of the customer's messages.

    On `own_dates`, which are among them, the same reminder speaks already on another channel: no cap stands in the
    way. A message that a person sends is bound by quiet hours and caps only, not by office hours. None: not within a
    year.
    """
    blocked_by: str | None = None
    for offset in range(HORIZON_DAYS):
        day = at.date() + timedelta(days=offset)
        said = () if day in own_dates else message_dates
        rule = _closed_day(fences, day=day, calendar=calendar, message_dates=said, by_hand=by_hand)
        opens, closes = _hours(fences, by_hand=by_hand)
        if rule is None and (offset or at.time() < closes):
            start = datetime.combine(day, opens, tzinfo=at.tzinfo)
            late_enough = offset == 0 and at.time() >= opens
            return Permission(at, blocked_by) if late_enough else Permission(start, blocked_by or "quiet_hours")
        blocked_by = blocked_by or rule or "quiet_hours"
    return None


def _closed_day(
    fences: Fences, *, day: date, calendar: WorkingDays, message_dates: Collection[date], by_hand: bool
) -> str | None:
    if not by_hand and not calendar.is_working_day(day):
        return "not_a_working_day"
    if sum(each == day for each in message_dates) >= fences.per_day:
        return "daily_cap"
    if _most_in_a_week_with(day, message_dates) >= fences.per_week:
        return "weekly_cap"
    return None


def _most_in_a_week_with(day: date, message_dates: Collection[date]) -> int:
    """Return the most messages in any seven days in a row that hold `day`; a clock set back leaves some after it."""
    starts = (day - timedelta(days=back) for back in range(7))
    return max(sum(start <= each < start + timedelta(days=7) for each in message_dates) for start in starts)


def _hours(fences: Fences, *, by_hand: bool) -> tuple[time, time]:
    return (fences.waking_from, fences.waking_until) if by_hand else (fences.automatic_from, fences.automatic_until)
