"""Reads a service's topics and drives its partitions; a stuck client is dropped and made anew (faults 2.6-2.8)."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import partial

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.messaging import metrics, positions
from shared.messaging.awaiting import Awaiting
from shared.messaging.day_order import DayOrder
from shared.messaging.days import DayWork, Progress
from shared.messaging.kafka import KafkaAway, Place, Record, StreamConsumer
from shared.messaging.lanes import LaneState
from shared.messaging.noting_days import DayUnfinished
from shared.messaging.partition import Lane
from shared.messaging.sifting import StreamBroken
from shared.messaging.subscription import NotYetKnown
from shared.messaging.watching import Stuck, Watch, forget

IDLE_SECONDS = 0.5
BUSY_SECONDS = 0.02
LOOK_AGAIN_SECONDS = 10
PARALLEL = 3
COMMIT_EVERY_SECONDS = 2
WATCH_EVERY_SECONDS = 10
STUCK_LIMIT = 3

log = structlog.get_logger(__name__)


class Consumer:
    """One member of the service's consumer group."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        make_client: Callable[[], StreamConsumer],
        ends: Callable[[Collection[Place]], Awaitable[dict[Place, int]]],
        begins: Callable[[Place, int], Awaitable[int]],
        lane: Lane,
        day_work: Callable[[int], DayWork] | None,
        day_order: DayOrder | None,
        topics: Sequence[str],
    ) -> None:
        self._engine = engine
        self._make_client = make_client
        self._watch = partial(Watch, engine=engine, topics=topics, ends=ends, begins=begins)
        self._lane = lane
        self._day_work: Callable[[int], DayWork | None] = day_work or (lambda _: None)
        self._day_order = day_order
        self._topics = list(topics)
        self._awaiting = Awaiting(engine=engine, topics=self._topics, ends=ends)
        self._lanes: dict[int, LaneState] = {}
        self._assigned: frozenset[Place] = frozenset()
        self._offsets: dict[Place, int] = {}
        self._committed: dict[Place, int] = {}
        self._slots = asyncio.Semaphore(PARALLEL)
        self._stuck = 0
        self.ready = False

    async def run(self) -> None:
        """Consume for ever; ends the process only when client after client, three in a row, brings nothing."""
        while True:
            try:
                await self._consume()
            except Stuck as error:
                self._stuck += 1
                metrics.rebuilt.labels("stuck").inc()
                log.error("consumer.stuck", reason=str(error), times=self._stuck)  # noqa: TRY400 - the sentence says all
                if self._stuck >= STUCK_LIMIT:
                    raise
            except (KafkaAway, SQLAlchemyError, OSError) as error:
                self._stuck = 0
                metrics.rebuilt.labels("away").inc()
                log.warning("consumer.retry", reason=f"{type(error).__name__}: {error}"[:300])
            finally:
                self.ready = False
            await asyncio.sleep(1)

    async def _consume(self) -> None:
        client = self._make_client()
        forget(self._assigned)
        self._assigned, self._lanes, self._offsets = frozenset(), {}, {}
        try:
            await client.start()
            await self._consume_with(client)
        finally:
            await client.drop()

    async def _consume_with(self, client: StreamConsumer) -> None:
        committed_at = watched_at = time.monotonic()
        watch = self._watch()
        while True:
            records = await client.fetch(seconds=self._patience())
            fresh = await self._follow_assignment(client)
            if records:
                self._stuck = 0
            self._keep({place: found for place, found in records.items() if place not in fresh})
            await asyncio.gather(*(self._step(client, lane) for lane in self._lanes.values() if lane.has_work))
            self._hold_back(client)
            self.ready = True
            now = time.monotonic()
            if now - committed_at > COMMIT_EVERY_SECONDS:
                committed_at = now
                await self._hint(client)
            if now - watched_at > WATCH_EVERY_SECONDS:
                watched_at = now
                await self._look(client, watch)

    def _patience(self) -> float:
        """Return how long to wait for records: not at all with work at hand, shortly while a day waits."""
        now = time.monotonic()
        lanes = [lane for lane in self._lanes.values() if lane.retry_at <= now]
        if any(lane.has_records or lane.day_progress is Progress.MORE for lane in lanes):
            return 0.0
        return BUSY_SECONDS if any(lane.day_progress is Progress.WAITING for lane in lanes) else IDLE_SECONDS

    async def _follow_assignment(self, client: StreamConsumer) -> frozenset[Place]:
        """Take up new partitions from their stored positions; return them: what they brought is read again."""
        assigned = client.assigned()
        fresh = assigned - self._assigned
        if assigned == self._assigned:
            return fresh
        await self._seek_stored(client, fresh)
        numbers = {number for _, number in assigned}
        self._lanes = {each: self._lanes.get(each) or LaneState(each, self._day_work(each)) for each in sorted(numbers)}
        forget(self._assigned - assigned)
        for place in self._assigned ^ assigned:
            self._offsets.pop(place, None)
        self._assigned = assigned
        log.info("consumer.assigned", partitions=sorted(numbers))
        return fresh

    async def _seek_stored(self, client: StreamConsumer, places: Collection[Place]) -> dict[Place, int]:
        """Read these next from where their stored positions are; return those offsets."""
        async with self._engine.connect() as connection:
            standings = await positions.standings(connection, [topic for topic, _ in places])
        offsets = {place: standings[place].next_offset if place in standings else 0 for place in places}
        for place, offset in offsets.items():
            client.seek(place, offset)
        return offsets

    def _keep(self, records: dict[Place, list[Record]]) -> None:
        for (topic, number), found in records.items():
            lane = self._lanes.get(number)
            if lane is not None and (topic, number) in self._assigned:
                lane.backlog[topic] += found

    async def _step(self, client: StreamConsumer, lane: LaneState) -> None:
        """Apply what has arrived, then one chunk of the day; trouble makes this partition wait, and no other."""
        if lane.retry_at > time.monotonic():
            return
        async with self._slots:
            try:
                for topic in self._topics:
                    await self._apply_backlog(client, lane, (topic, lane.number))
                await self._work_day(lane)
                lane.went_well()
            except KafkaAway:
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, the partition waits and tries again
                lane.back_off(error)

    async def _apply_backlog(self, client: StreamConsumer, lane: LaneState, place: Place) -> None:
        backlog = lane.backlog[place[0]]
        while backlog:
            begins_work = lane.day is not None and self._lane.begins_work(backlog[0])
            if begins_work and lane.day_progress is not Progress.NONE and not await self._lane.has(place, backlog[0]):
                return  # the day before is not worked to its end; this one queues behind it
            ready = await lane.ready(place[0], self._day_order)
            if not ready:
                return  # it tells of a day that the ledger's topic has yet to bring
            try:
                taken = await self._lane.take(place, ready, may_come=lambda: self._may_come(lane, place))
            except NotYetKnown:
                lane.retry_at = time.monotonic() + BUSY_SECONDS
                return  # the other topics go on meanwhile
            except DayUnfinished:
                lane.day_progress = Progress.MORE  # another worker began it and left; its work comes first
                return
            except StreamBroken as error:
                await self._broken(client, lane, place, str(error))
                return
            self._awaiting.found(place)
            self._offsets[place] = backlog[taken - 1].offset + 1
            del backlog[:taken]
            lane.rereading.pop(place[0], None)
            if begins_work:
                lane.day_progress = Progress.MORE

    async def _may_come(self, lane: LaneState, place: Place) -> bool:
        """Return whether a day or another topic may still bring what the next event of `place` answers."""
        return lane.day_progress is Progress.MORE or await self._awaiting.others_come(place)

    async def _work_day(self, lane: LaneState) -> None:
        if lane.day is None or lane.day_progress is Progress.NONE:
            return
        lane.day_progress = await lane.day.chunk()
        if lane.day_progress is Progress.DONE:
            lane.day_progress = Progress.NONE

    async def _broken(self, client: StreamConsumer, lane: LaneState, place: Place, reason: str) -> None:
        """Read once more from the stored position; if it is broken still, stand still and look again now and then."""
        topic = place[0]
        lane.backlog[topic].clear()
        read_from = lane.rereading.get(topic)
        if read_from is not None and await self._lane.stop(place, reason, at=read_from):
            metrics.stopped.labels(topic, lane.number).set(1)
            log.error("partition.stopped", topic=topic, partition=lane.number, reason=reason)
            lane.retry_at = time.monotonic() + LOOK_AGAIN_SECONDS
        lane.rereading[topic] = (await self._seek_stored(client, [place]))[place]

    def _hold_back(self, client: StreamConsumer) -> None:
        """Fetch no more for a partition that has not applied what it has."""
        waiting = {
            (topic, lane.number) for lane in self._lanes.values() for topic, backlog in lane.backlog.items() if backlog
        }
        paused = client.paused()
        client.pause(waiting - paused)
        client.resume(paused - waiting)

    async def _hint(self, client: StreamConsumer) -> None:
        news = {
            place: at
            for place, at in self._offsets.items()
            if self._committed.get(place) != at and place in self._assigned
        }
        if not news:
            return
        try:
            await client.commit(news)
            self._committed.update(news)
        except KafkaAway as error:
            log.info("consumer.commit_hint_failed", reason=str(error)[:200])

    async def _look(self, client: StreamConsumer, watch: Watch) -> None:
        for place, offset in (await watch.look(self._assigned, read_to=self._offsets, busy=self._busy)).items():
            if lane := self._lanes.get(place[1]):
                lane.backlog[place[0]].clear()
            self._offsets.pop(place, None)
            client.seek(place, offset)

    def _busy(self, place: Place) -> bool:
        lane = self._lanes.get(place[1])
        return lane is None or lane.is_busy_with(place[0])
