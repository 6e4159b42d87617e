"""Lets what other topics tell of a day wait for the ledger's marker of it, so that days part all topics alike (P5)."""

import time
from collections.abc import Sequence
from datetime import date

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.database import single_statements
from shared.messaging.kafka import Place, Record

HOLD_SECONDS = 10

_SEEN = text("SELECT day FROM day_seen WHERE partition_no = :partition_no")

log = structlog.get_logger(__name__)


class DayOrder:
    """How far the other topics of a partition may be heard: up to the latest day that `topic` has brought there.

    Whoever tells of a day has heard of it from the ledger, so its marker is in the ledger's topic or about to be. What
    tells of a day whose marker does not come within `hold_seconds` goes on, lest one service that is down stop another:
    then each service's own rules for what is told ahead hold. Remembered days are lower bounds of what is stored.
    """

    def __init__(self, engine: AsyncEngine, topic: str, *, hold_seconds: float = HOLD_SECONDS) -> None:
        self._engine = single_statements(engine)
        self._topic = topic
        self._hold_seconds = hold_seconds
        self._days: dict[int, date] = {}
        self._held_since: dict[Place, float] = {}
        self._awaited_in_vain: dict[Place, date] = {}

    async def ready(self, place: Place, records: Sequence[Record]) -> Sequence[Record]:
        """Return the first of `records` that may be applied now; none while the next one waits for its day."""
        if place[0] == self._topic:
            return records
        ahead = await self._first_ahead(place, records)
        if ahead == 0 and self._waits(place, _day_of(records[0])):
            return ()
        self._held_since.pop(place, None)
        return records[: max(ahead, 1)]

    async def _first_ahead(self, place: Place, records: Sequence[Record]) -> int:
        """Return the index of the first record that tells of a day not come yet, or how many there are."""
        known = self._limit(place)
        for index, record in enumerate(records):
            if _day_of(record) <= known:
                continue
            known = await self._look(place)
            if _day_of(record) > known:
                return index
        return len(records)

    async def _look(self, place: Place) -> date:
        async with self._engine.connect() as connection:
            day = (await connection.execute(_SEEN, {"partition_no": place[1]})).scalar_one_or_none()
        if day is None:
            return date.max  # before the first day there is none to wait for
        self._days[place[1]] = day
        return self._limit(place)

    def _limit(self, place: Place) -> date:
        return max(self._days.get(place[1], date.min), self._awaited_in_vain.get(place, date.min))

    def _waits(self, place: Place, day: date) -> bool:
        """Return whether there is still time to wait for the marker of `day`."""
        since = self._held_since.setdefault(place, time.monotonic())
        if time.monotonic() - since < self._hold_seconds:
            return True
        self._awaited_in_vain[place] = day
        log.warning("partition.day_does_not_come", topic=place[0], partition=place[1], day=str(day))
        return False


def _day_of(record: Record) -> date:
    """Return the business date that the record's headers name; what names none waits for nothing."""
    named = next((value for name, value in record.headers if name == "ce_businessdate"), None)
    try:
        return date.min if named is None else date.fromisoformat(named.decode())
    except ValueError:
        return date.min
