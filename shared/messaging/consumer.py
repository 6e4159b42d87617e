"""Reads a service's topics and drives its partitions; a stuck client is dropped and made anew (faults 2.6-2.8)."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.messaging import metrics, positions
from shared.messaging.awaiting import Awaiting
from shared.messaging.day_order import DayOrder
from shared.messaging.days import DayWork, Progress
from shared.messaging.kafka import KafkaAway, Place, Record, StreamConsumer
from shared.messaging.noting_days import DayUnfinished
from shared.messaging.partition import Lane
from shared.messaging.sifting import StreamBroken
from shared.messaging.subscription import NotYetKnown
from shared.messaging.watching import Stuck, Watch

IDLE_SECONDS = 0.5
BUSY_SECONDS = 0.02
LOOK_AGAIN_SECONDS = 10
MAX_BACKOFF_SECONDS = 10
PARALLEL = 3
COMMIT_EVERY_SECONDS = 2
WATCH_EVERY_SECONDS = 10
STUCK_LIMIT = 3

log = structlog.get_logger(__name__)


@dataclass
class _Lane:
    """What the loop remembers of one partition number: records not applied yet, and when to try again."""

    number: int
    day: DayWork | None
    backlog: defaultdict[str, list[Record]] = field(default_factory=lambda: defaultdict(list))
    failures: int = 0
    retry_at: float = 0.0
    day_progress: Progress = Progress.MORE
    rereading: set[str] = field(default_factory=set)
    held: set[str] = field(default_factory=set)

    @property
    def has_work(self) -> bool:
        """Return whether a step may get anything done."""
        return any(self.backlog.values()) or self.day_progress in (Progress.MORE, Progress.WAITING)

    @property
    def has_records(self) -> bool:
        """Return whether anything has arrived that waits for nothing but this worker."""
        return any(found for topic, found in self.backlog.items() if topic not in self.held)


class Consumer:
    """One member of the service's consumer group."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        make_client: Callable[[], StreamConsumer],
        ends: Callable[[Collection[Place]], Awaitable[dict[Place, int]]],
        lane: Lane,
        day_work: Callable[[int], DayWork] | None,
        day_order: DayOrder | None,
        topics: Sequence[str],
    ) -> None:
        self._engine = engine
        self._make_client = make_client
        self._ends = ends
        self._lane = lane
        self._day_work = day_work
        self._day_order = day_order
        self._topics = list(topics)
        self._awaiting = Awaiting(engine=engine, topics=self._topics, ends=ends)
        self._lanes: dict[int, _Lane] = {}
        self._assigned: frozenset[Place] = frozenset()
        self._offsets: dict[Place, int] = {}
        self._committed: dict[Place, int] = {}
        self._slots = asyncio.Semaphore(PARALLEL)
        self.ready = False

    async def run(self) -> None:
        """Consume for ever; ends the process only when a fresh client is stuck three times in a row."""
        stuck = 0
        while True:
            try:
                await self._consume()
            except Stuck as error:
                stuck += 1
                metrics.rebuilt.labels("stuck").inc()
                log.error("consumer.stuck", reason=str(error), times=stuck)  # noqa: TRY400 - the sentence says all
                if stuck >= STUCK_LIMIT:
                    raise
            except (KafkaAway, SQLAlchemyError, OSError) as error:
                stuck = 0
                metrics.rebuilt.labels("away").inc()
                log.warning("consumer.retry", reason=f"{type(error).__name__}: {error}"[:300])
            finally:
                self.ready = False
            await asyncio.sleep(1)

    async def _consume(self) -> None:
        client = self._make_client()
        self._assigned, self._lanes = frozenset(), {}
        try:
            await client.start()
            await self._consume_with(client)
        finally:
            await client.drop()

    async def _consume_with(self, client: StreamConsumer) -> None:
        committed_at = watched_at = time.monotonic()
        watch = Watch(engine=self._engine, topics=self._topics, ends=self._ends)
        while True:
            records = await client.fetch(seconds=self._patience())
            fresh = await self._follow_assignment(client)
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
        async with self._engine.connect() as connection:
            standings = await positions.standings(connection, self._topics)
        for place in fresh:
            standing = standings.get(place)
            client.seek(place, 0 if standing is None else standing.next_offset)
        numbers = {number for _, number in assigned}
        self._lanes = {each: self._lanes.get(each) or self._new_lane(each) for each in sorted(numbers)}
        for place in self._assigned - assigned:
            self._offsets.pop(place, None)
        self._assigned = assigned
        log.info("consumer.assigned", partitions=sorted(numbers))
        return fresh

    def _new_lane(self, number: int) -> _Lane:
        if self._day_work is None:
            return _Lane(number, None, day_progress=Progress.NONE)
        return _Lane(number, self._day_work(number))

    def _keep(self, records: dict[Place, list[Record]]) -> None:
        for (topic, number), found in records.items():
            lane = self._lanes.get(number)
            if lane is not None and (topic, number) in self._assigned:
                lane.backlog[topic] += found

    async def _step(self, client: StreamConsumer, lane: _Lane) -> None:
        """Apply what has arrived, then one chunk of the day; trouble makes this partition wait, and no other."""
        if lane.retry_at > time.monotonic():
            return
        async with self._slots:
            try:
                for topic in self._topics:
                    await self._apply_backlog(client, lane, (topic, lane.number))
                await self._work_day(lane)
                lane.failures = 0
            except KafkaAway:
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, the partition waits and tries again
                self._back_off(lane, error)

    async def _apply_backlog(self, client: StreamConsumer, lane: _Lane, place: Place) -> None:
        backlog = lane.backlog[place[0]]
        while backlog:
            begins_work = lane.day is not None and self._lane.begins_work(backlog[0])
            if begins_work and lane.day_progress is not Progress.NONE:
                return  # the day before is not worked to its end; this one queues behind it
            ready = backlog if self._day_order is None else await self._day_order.ready(place, backlog)
            (lane.held.discard if ready else lane.held.add)(place[0])
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
            lane.rereading.discard(place[0])
            if begins_work:
                lane.day_progress = Progress.MORE

    async def _may_come(self, lane: _Lane, place: Place) -> bool:
        """Return whether a day or another topic may still bring what the next event of `place` answers."""
        return lane.day_progress is Progress.MORE or await self._awaiting.others_come(place)

    async def _work_day(self, lane: _Lane) -> None:
        if lane.day is None or lane.day_progress is Progress.NONE:
            return
        lane.day_progress = await lane.day.chunk()
        if lane.day_progress is Progress.DONE:
            lane.day_progress = Progress.NONE

    async def _broken(self, client: StreamConsumer, lane: _Lane, place: Place, reason: str) -> None:
        """Read once more from the stored position; if it is broken still, stand still and look again now and then."""
        topic = place[0]
        lane.backlog[topic].clear()
        if topic in lane.rereading:
            await self._lane.stop(place, reason)
            metrics.stopped.labels(topic, lane.number).set(1)
            log.error("partition.stopped", topic=topic, partition=lane.number, reason=reason)
            lane.retry_at = time.monotonic() + LOOK_AGAIN_SECONDS
        lane.rereading.add(topic)
        async with self._engine.connect() as connection:
            standing = (await positions.standings(connection, [topic])).get(place)
        client.seek(place, 0 if standing is None else standing.next_offset)

    def _back_off(self, lane: _Lane, error: Exception) -> None:
        lane.failures += 1
        seconds = min(0.1 * 2**lane.failures, MAX_BACKOFF_SECONDS)
        lane.retry_at = time.monotonic() + seconds
        log.error("partition.waits", partition=lane.number, seconds=seconds, exc_info=error)

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
        for place in await watch.look(self._assigned, busy=self._busy):
            if lane := self._lanes.get(place[1]):
                lane.backlog[place[0]].clear()
            client.seek(place, 0)

    def _busy(self, place: Place) -> bool:
        lane = self._lanes.get(place[1])
        return (
            lane is None
            or bool(lane.backlog[place[0]])
            or lane.retry_at > time.monotonic()
            or place[0] in lane.rereading
        )
