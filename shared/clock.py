"""The only reader of the machine's clock; business dates come from the ledger's days, never from here."""

from datetime import UTC, date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo


class Clock(Protocol):
    """Machine time for leases, back-off and records, and civil time for what people see."""

    def now(self) -> datetime:
        """Return this instant, in UTC."""
        ...


class MachineClock:
    """The real clock."""

    def now(self) -> datetime:
        """Return this instant, in UTC."""
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands still until it is told to move: for tests."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        """Return the instant it was set to."""
        return self.at


def civil_date(at: datetime, zone: str) -> date:
    """Return the calendar date that people in `zone` read at the instant `at`."""
    return at.astimezone(ZoneInfo(zone)).date()
