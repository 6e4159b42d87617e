"""What the toy's topic holds, what is written straight into it as no relay would, and what came of it."""

import asyncio
import math
from collections.abc import Sequence

from aiokafka.errors import KafkaError
from sqlalchemy import text

from deploy.local.topics import delete_topics, ensure_topics
from shared.messaging.kafka import KafkaAway, Record, StreamProducer
from shared.messaging.outgoing import Outgoing
from shared.messaging.own_stream import EpochBegun, OwnStream
from shared.messaging.tests.toy import PARTITIONS, Toy, settled
from shared.messaging.topic_reader import TopicReader

_BACKUP = ("outbox", "stream_head", "acknowledged_mark")


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


async def make_anew(toy: Toy, partition_no: int = 0) -> None:
    """Delete the topic and make it again; a broker takes its time for the first."""
    length = len(await records_of(toy, partition_no))
    await delete_topics(bootstrap=toy.bootstrap, prefix=toy.topic)
    async with asyncio.timeout(30):
        while await _length_if_there(toy, partition_no) >= length:
            await asyncio.sleep(0.1)


async def _length_if_there(toy: Toy, partition_no: int) -> float:
    try:
        await ensure_topics(bootstrap=toy.bootstrap, prefix=toy.prefix, partitions=PARTITIONS)
        return (await toy.asker.ends([(toy.topic, partition_no)]))[toy.topic, partition_no]
    except (KafkaError, KafkaAway):
        return math.inf


async def back_up(toy: Toy) -> None:
    """Keep a copy of what the publisher has of its own stream."""
    async with toy.publisher.begin() as connection:
        for table in _BACKUP:
            await connection.execute(text(f"CREATE TABLE saved_{table} AS TABLE {table}"))


async def restore(toy: Toy) -> None:
    """Put the publisher back to where it was backed up."""
    async with toy.publisher.begin() as connection:
        for table in _BACKUP:
            await connection.execute(text(f"DELETE FROM {table}"))
            overriding = "OVERRIDING SYSTEM VALUE" if table == "outbox" else ""
            await connection.execute(text(f"INSERT INTO {table} {overriding} TABLE saved_{table}"))
