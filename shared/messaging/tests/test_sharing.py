"""Proves how several workers of a service share its partitions (architecture, "How a fact travels" 4)."""

import asyncio

from deploy.local.topics import ensure_topics
from shared.messaging.kafka import Place, StreamConsumer

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
    async with asyncio.timeout(30):
        while len(consumer.assigned()) != count:
            await consumer.fetch(seconds=0.1)
