"""One partition number of all topics of a service: applies what arrived, one transaction at a time."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.crash import crash_point
from shared.messaging import failures, metrics, parking_store, positions
from shared.messaging.applying import Applier
from shared.messaging.kafka import Place, Record
from shared.messaging.markers import DayMarkers, wire_of
from shared.messaging.noting_days import note_day
from shared.messaging.outbox import appended_in
from shared.messaging.passing import Passing, count_read
from shared.messaging.sifting import Incoming, Position, break_off, sift
from shared.messaging.subscription import NotYetKnown

log = structlog.get_logger(__name__)


class Lane:
    """Transactions of one partition number, opened and committed here."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        applier: Applier,
        markers: DayMarkers | None,
        on_begin: Callable[[AsyncConnection], Awaitable[None]] | None,
        published: Callable[[], None],
    ) -> None:
        self._engine = engine
        self._applier = applier
        self._markers = markers
        self._on_begin = on_begin
        self._published = published
        self.passing = Passing(engine, applier, markers)

    def begins_work(self, record: Record) -> bool:
        """Return whether this record is the marker after which the service works a day."""
        return self._markers is not None and wire_of(record) == self._markers.begins_work

    async def has(self, place: Place, record: Record) -> bool:
        """Return whether this record is a copy of one that was applied."""
        async with self._engine.begin() as connection:
            return bool(sift(await positions.lock(connection, place), [record]).repeated)

    async def take(
        self, place: Place, records: Sequence[Record], *, may_come: Callable[[], Awaitable[bool]] | None = None
    ) -> int:
        """Apply a prefix of `records` and return its length; a bad event is found by halving, and parked alone.

        One that answers what is not known here raises NotYetKnown for as long as that `may_come`.
        """
        prefix = records if self._markers is None else self._markers.prefix(records)
        started = time.perf_counter()
        if await self.passing.over(place, prefix):
            return len(prefix)
        try:
            await self._transact(place, prefix)
        except Exception as error:
            if not failures.is_bad_by_itself(error):
                raise
            if len(prefix) > 1:
                return await self.take(place, prefix[: len(prefix) // 2], may_come=may_come)
            if isinstance(error, NotYetKnown) and may_come is not None and await may_come():
                raise
            await self._park(place, prefix[0], failures.cause_of(error))
        metrics.apply_seconds.labels(place[0]).observe(time.perf_counter() - started)
        return len(prefix)

    async def _transact(self, place: Place, records: Sequence[Record]) -> None:
        self.passing.forget(place)
        async with self.begin() as connection:
            position = await positions.lock(connection, place)
            found = sift(position, records)
            await positions.quarantine(connection, found.unreadable)
            if found.incoming:
                await self._take_incoming(connection, place, found.incoming)
            await parking_store.complete(connection, place[0], found.repeated)
            if found.broken and not found.incoming:
                break_off(place, found.broken)
            await self._save(connection, place, position, found.position)
            crash_point("consumer.before_commit")
        crash_point("consumer.after_commit")
        count_read(place, found)
        if found.broken:
            break_off(place, found.broken)
        self.passing.leave(place, found.position)

    async def _take_incoming(self, connection: AsyncConnection, place: Place, incoming: Sequence[Incoming]) -> None:
        if self._markers is not None and self._markers.is_marker(incoming[0].envelope.wire):
            await note_day(connection, place, incoming[0], markers=self._markers, partitions=self._applier.partitions)
        else:
            await self._applier.apply(connection, place, incoming)

    async def _park(self, place: Place, record: Record, cause: str) -> None:
        async with self.begin() as connection:
            position = await positions.lock(connection, place)
            found = sift(position, [record])
            for incoming in found.incoming:
                await self._applier.park(connection, place, incoming, cause)
            await self._save(connection, place, position, found.position)
        metrics.parked.labels(place[0]).inc(len(found.incoming))
        log.error("event.parked", topic=place[0], partition=place[1], offset=record.offset, cause=cause)

    async def stop(self, place: Place, reason: str, *, at: int) -> bool:
        """Note for people and for the sender's gate that the partition stands still, unless it is elsewhere by now.

        Whoever slept through a rebalance would stop what another worker has led on meanwhile.
        """
        async with self._engine.begin() as connection:
            if (await positions.lock(connection, place)).next_offset != at:
                return False
            await positions.stop(connection, place, reason)
            return True

    async def _save(self, connection: AsyncConnection, place: Place, before: Position, after: Position) -> None:
        if after != before:
            await positions.save(connection, place, after)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction as every change of this service must begin, commit it at the end, and tell the relay."""
        async with self._engine.begin() as connection:
            if self._on_begin is not None:
                await self._on_begin(connection)
            yield connection
            appended = appended_in(connection)
        if appended:
            self._published()
