"""What the toy's topic holds, what is written straight into it as no relay would, and what came of it."""

import asyncio
from collections.abc import Sequence

from sqlalchemy import text

from shared.messaging.kafka import Record, StreamProducer
from shared.messaging.outgoing import Outgoing
from shared.messaging.own_stream import EpochBegun, OwnStream
from shared.messaging.tests.toy import Toy, settled
from shared.messaging.topic_reader import TopicReader


async def records_of(toy: Toy, partition_no: int = 0) -> list[Record]:
    """Return all that a partition of the topic holds."""
    reader = TopicReader(toy.bootstrap, toy.topic)
    await reader.start()
    found = await reader.read_to_end()
    await reader.close()
    return found[toy.topic, partition_no]


async def write(toy: Toy, *records: Record) -> None:
    """Write straight into the topic, as a stranger does."""
    producer = StreamProducer(toy.bootstrap, client="stranger")
    await producer.start()
    await producer.send(records)
    await producer.drop()


async def tell(toy: Toy, customer: str, numbers: Sequence[str], *, applied: int) -> list[Outgoing]:
    """Let events of these numbers be published and applied, `applied` in all; return them."""
    events = [settled(customer, number) for number in numbers]
    async with toy.running():
        await toy.publish(*events)
        await toy.until("SELECT count(*) FROM effect", applied)
    return events


async def numbers_of(toy: Toy, customer: str) -> list[str]:
    """Return the numbers of the events that took effect for a customer, in order."""
    return [each.split()[-1] for each in await toy.effects(customer)]


def own_stream(toy: Toy) -> OwnStream:
    """Return the publisher's stream, as its people lead it."""
    return OwnStream(toy.publisher.begin, toy.bootstrap, toy.topic, toy.wake.outbox)


async def begin_epoch(toy: Toy) -> EpochBegun:
    """Begin an epoch in the one partition that is in conflict."""
    (begun,), remaining = await own_stream(toy).begin_epoch(actor="ops")
    assert remaining == 0
    return begun


async def until_acknowledged(toy: Toy, sequence: int, *, partition_no: int = 0) -> None:
    """Return when the relay has marked so much of a partition."""
    mark = text("SELECT acknowledged_sequence FROM stream_head WHERE partition_no = :no")
    async with asyncio.timeout(60), toy.publisher.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        while await connection.scalar(mark, {"no": partition_no}) != sequence:
            await asyncio.sleep(0.05)
