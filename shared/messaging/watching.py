"""Watches whether waiting records arrive, and whether a topic is still the one that was read (faults 2.8, 2.25)."""

import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.messaging import metrics, positions
from shared.messaging.kafka import Place

STUCK_SECONDS = 30

log = structlog.get_logger(__name__)


class Stuck(RuntimeError):
    """There are records to read, and none arrives."""


class Watch:
    """What one client of a consumer has got done, by partition, since it was made."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        topics: Sequence[str],
        ends: Callable[[Collection[Place]], Awaitable[dict[Place, int]]],
        begins: Callable[[Place, int], Awaitable[int]],
    ) -> None:
        self._begins = begins
        self._engine = engine
        self._topics = topics
        self._ends = ends
        self._progress: dict[Place, tuple[int, float]] = {}

    async def look(
        self, places: Collection[Place], *, read_to: Mapping[Place, int], busy: Callable[[Place], bool]
    ) -> dict[Place, int]:
        """Return which partitions are to be read again, and from where: those made anew, and those led back.

        Raises Stuck when records wait and none has come for half a minute in a partition that is not `busy`.
        """
        # In this order nobody stands beyond an end, unless the topic is another.
        async with self._engine.connect() as connection:
            standings = await positions.standings(connection, self._topics)
        ends = await self._ends(sorted(places))
        again = {}
        for place, end in ends.items():
            standing = standings.get(place, positions.Standing(0, None))
            metrics.lag.labels(*place).set(max(end - standing.next_offset, 0))
            metrics.stopped.labels(*place).set(0 if standing.stopped_reason is None else 1)
            if standing.next_offset > end:
                again[place] = await self._begin_anew(place, standing, end=end)
            elif standing.next_offset < read_to.get(place, 0):
                again[place] = standing.next_offset
            else:
                self._expect_progress(place, at=standing.next_offset, end=end, busy=busy(place))
        return again

    async def _begin_anew(self, place: Place, standing: positions.Standing, *, end: int) -> int:
        """Let `place` be read from the first record of its epoch; what is applied is skipped. Return where that is.

        Records of an epoch before would be taken for those of a history that was given up and goes on.
        """
        log.error("partition.made_anew", topic=place[0], partition=place[1], position=standing.next_offset, end=end)
        start = await self._begins(place, standing.epoch) if standing.epoch > 1 else 0
        async with self._engine.begin() as connection:
            await positions.read_from(connection, place, start)
        return start

    def _expect_progress(self, place: Place, *, at: int, end: int, busy: bool) -> None:
        now = time.monotonic()
        before = self._progress.get(place)
        if before is None or before[0] != at or end <= at or busy:
            self._progress[place] = (at, now)
        elif now - before[1] > STUCK_SECONDS:
            msg = f"{place[0]}[{place[1]}] has {end - at} records that do not arrive"
            raise Stuck(msg)


def forget(places: Collection[Place]) -> None:
    """Show nothing of partitions that others hold by now: what was last seen here would be taken for what is."""
    for topic, number in places:
        metrics.lag.remove(topic, number)
        metrics.stopped.remove(topic, number)
        metrics.failing.remove(number)
