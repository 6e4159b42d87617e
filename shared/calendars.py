"""Working days by country: the `holidays` package, our corrections, and a known end beyond which weekends count."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import holidays
import structlog
import yaml

_CORRECTIONS = Path(__file__).with_name("calendars.yaml")
_SATURDAY_SUNDAY = frozenset({5, 6})
_LONGEST_PERIOD_DAYS = 10_000
_DAY = timedelta(days=1)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, eq=False)
class WorkCalendar:
    """The working days of one country; after `complete_through` it knows weekends only, and the log says so."""

    country: str
    complete_through: date
    weekend: frozenset[int]
    _days: holidays.HolidayBase | None
    _corrections: Mapping[date, bool]
    _known: dict[date, bool] = field(default_factory=dict)
    _warned: set[int] = field(default_factory=set)

    @staticmethod
    def of(country: str) -> "WorkCalendar":
        """Return the calendar of `country` (ISO 3166-1 alpha-2); of a country nobody knows, weekends only."""
        return _calendar(country)

    def is_working_day(self, day: date) -> bool:
        """Return whether people work on `day`."""
        known = self._known.get(day)
        if known is None:
            known = self._known[day] = self._look_up(day)
        return known

    def next_working_day(self, day: date) -> date:
        """Return `day`, or the first working day after it."""
        return self._walk(day, _DAY)

    def previous_working_day(self, day: date) -> date:
        """Return `day`, or the last working day before it."""
        return self._walk(day, -_DAY)

    def add_working_days(self, day: date, count: int) -> date:
        """Return the `count`-th working day after `day` (before it where negative); `day` itself is not counted."""
        step = _DAY if count >= 0 else -_DAY
        for _ in range(abs(count)):
            day = self._walk(day + step, step)
        return day

    def _walk(self, day: date, step: timedelta) -> date:
        for _ in range(_LONGEST_PERIOD_DAYS):
            if self.is_working_day(day):
                return day
            day += step
        raise ValueError(f"the calendar of {self.country} has no working day near {day}")

    def _look_up(self, day: date) -> bool:
        if day in self._corrections:
            return self._corrections[day]
        if day > self.complete_through or self._days is None:
            self._warn(day.year)
            return day.weekday() not in self.weekend
        return self._days.is_working_day(day)

    def _warn(self, year: int) -> None:
        if year not in self._warned:
            self._warned.add(year)
            log.warning(
                "calendar.weekends_only",
                country=self.country,
                year=year,
                complete_through=self.complete_through.isoformat(),
            )


@cache
def _calendar(country: str) -> WorkCalendar:
    corrections = _corrections().get(country, {})
    days = _public_holidays(country)
    complete_through = corrections.get("complete_through") or date(days.end_year if days is not None else 1, 12, 31)
    return WorkCalendar(
        country=country,
        complete_through=complete_through,
        weekend=frozenset(days.weekend) if days is not None else _SATURDAY_SUNDAY,
        _days=days,
        _corrections=dict.fromkeys(corrections.get("days_off", []), False)
        | dict.fromkeys(corrections.get("working_days", []), True),
    )


def _public_holidays(country: str) -> holidays.HolidayBase | None:
    try:
        return holidays.country_holidays(country)
    except NotImplementedError:
        return None


@cache
def _corrections() -> dict[str, Any]:
    corrections: dict[str, Any] = yaml.safe_load(_CORRECTIONS.read_text(encoding="utf-8"))
    return corrections
