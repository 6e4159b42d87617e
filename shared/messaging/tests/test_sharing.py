"""Proves how several workers of a service share its partitions (architecture, "How a fact travels" 4)."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from deploy.local.topics import ensure_topics
from shared.messaging.consumer import Consumer
from shared.messaging.kafka import Place, Record, StreamConsumer
from shared.messaging.subscription import Received
from shared.messaging.tests.toy import Toy, ToySubscription, customers_in, settled
from shared.messaging.topic_reader import TopicReader

PARTITIONS = 4


async def test_row_11_one_worker_gets_a_partition_of_all_topics_and_survives_its_loss(
    kafka_bootstrap: str, topic_prefix: str
) -> None:
    """Faults 2.11: a day's work needs all topics of a partition in one hand, and what a rebalance took is let go."""
    await ensure_topics(bootstrap=kafka_bootstrap, prefix=topic_prefix, partitions=PARTITIONS)
    topics = [f"{topic_prefix}ledger", f"{topic_prefix}collections"]
    first, second = (
        StreamConsumer(kafka_bootstrap, topics=topics, group=f"{topic_prefix}group", instance=name)
        for name in ("first", "second")
    )
    try:
        await first.start()
        await _until_held(first, count=2 * PARTITIONS)
        await second.start()
        await asyncio.gather(_until_held(first, count=PARTITIONS), _until_held(second, count=PARTITIONS))
        for each in (first, second):
            assert len({number for _, number in each.assigned()}) == PARTITIONS // 2
        lost: Place = next(iter(second.assigned()))
        first.seek(lost, 0)
        first.pause([lost])
        first.resume([lost])
        assert lost not in first.assigned() | first.paused()
    finally:
        await first.drop()
        await second.drop()


async def _until_held(consumer: StreamConsumer, *, count: int) -> None:
    async with asyncio.timeout(60):
        while len(consumer.assigned()) != count:
            await consumer.fetch(seconds=0.1)


async def test_row_11_a_second_consumer_comes_and_goes_while_events_flow(toy: Toy) -> None:
    """Faults 2.11: each coming and going stops all for a moment; what was under way is finished or rolled back."""
    await _come_and_go(toy, seconds=6)


@pytest.mark.minutes
@pytest.mark.timeout(300)
async def test_row_11_a_second_consumer_comes_and_goes_for_a_minute(toy: Toy) -> None:
    """Faults 2.11: every two seconds, thirty times."""
    await _come_and_go(toy, seconds=60)


async def _come_and_go(toy: Toy, *, seconds: float) -> None:
    """Let a second consumer be there for two seconds again and again under load; each event has its one effect.

    On a slow machine each may be gone before it got anything, and the next meets a group that still waits for it; the
    last one stays until it has something to do.
    """
    customers = customers_in(0, 3) + customers_in(1, 3)
    published: list[str] = []
    async with toy.running():
        flowing = asyncio.create_task(_publish_for_ever(toy, customers, published))
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            async with _second(toy):
                await asyncio.sleep(2)
        async with _second(toy) as last, asyncio.timeout(60):
            while not last._assigned:  # noqa: SLF001 - nothing public tells
                await asyncio.sleep(0.1)
            await asyncio.sleep(2)
        flowing.cancel()
        await asyncio.wait([flowing])
        await toy.until("SELECT count(*) FROM effect", len(published))
    for customer in customers:
        told = [each for each in published if each.startswith(f"{customer}-")]
        assert [each.split()[-1] for each in await toy.effects(customer)] == told


@asynccontextmanager
async def _second(toy: Toy) -> AsyncIterator[Consumer]:
    consumer = toy.consume(instance=None, lane=toy.new_lane())
    running = asyncio.create_task(consumer.run())
    try:
        yield consumer
    finally:
        running.cancel()
        await asyncio.wait([running])


async def _publish_for_ever(toy: Toy, customers: list[str], published: list[str]) -> None:
    for number in itertools.count():
        some = [f"{each}-{number}" for each in customers]
        published += some
        await asyncio.shield(toy.publish(*(settled(c, name) for c, name in zip(customers, some, strict=True))))
        await asyncio.sleep(0.02)


async def test_row_13_a_holder_frozen_inside_its_transaction_writes_nothing(toy: Toy) -> None:
    """Faults 2.13: whoever takes over waits for its lock; once the server has ended it, it wakes up to an error."""
    [customer] = customers_in(0, 1)
    async with toy.running(consumer=False):
        await toy.publish(*(settled(customer, f"Z-{n}") for n in range(3)))
        records = await _records(toy, 3)
    thawed = asyncio.Event()
    holder = asyncio.create_task(toy.new_lane(_Frozen(thawed)).take((toy.topic, 0), records))
    await toy.until(_FROZEN, 1)
    follower = asyncio.create_task(toy.lane.take((toy.topic, 0), records))
    await asyncio.sleep(0.5)
    assert not follower.done(), "the position is locked"
    await toy.ask(_FROZEN.replace("count(*)", "pg_terminate_backend(pid)"))
    assert await follower == 3
    thawed.set()
    with pytest.raises(DBAPIError):
        await holder
    assert [each.split()[-1] for each in await toy.effects()] == ["Z-0", "Z-1", "Z-2"]


_FROZEN = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND state = 'idle in transaction' AND query LIKE '%INSERT INTO effect%'
"""


class _Frozen(ToySubscription):
    """Stands still between its last write and the commit."""

    def __init__(self, thawed: asyncio.Event) -> None:
        super().__init__()
        self._thawed = thawed

    async def apply(self, connection: AsyncConnection, batch: Sequence[Received], *, today: date) -> None:
        await super().apply(connection, batch, today=today)
        await connection.execute(text("INSERT INTO effect (what) SELECT 'nobody' WHERE false"))
        await self._thawed.wait()


async def test_row_13_a_holder_that_wakes_up_with_old_records_in_its_hands_does_nothing(toy: Toy) -> None:
    """Faults 2.13: frozen between reading and writing; all that it read was applied by another meanwhile."""
    [customer] = customers_in(0, 1)
    async with toy.running(consumer=False):
        await toy.publish(*(settled(customer, f"Z-{n}") for n in range(5)))
        records = await _records(toy, 5)
    stale, other = toy.new_lane(), toy.new_lane()
    assert await stale.take((toy.topic, 0), records[:2]) == 2
    assert await other.take((toy.topic, 0), records[2:]) == 3
    assert await stale.take((toy.topic, 0), records[2:4]) == 2
    assert await stale.take((toy.topic, 0), records[4:]) == 1
    assert [each.split()[-1] for each in await toy.effects()] == [f"Z-{n}" for n in range(5)]


async def _records(toy: Toy, count: int) -> list[Record]:
    """Return what partition 0 holds, once it is so much."""
    reader = TopicReader(toy.bootstrap, toy.topic)
    await reader.start()
    async with asyncio.timeout(60):
        while len(records := (await reader.read_to_end())[toy.topic, 0]) < count:
            await asyncio.sleep(0.1)
    await reader.close()
    return records
