"""Faults 2.52: what bounds a worker's memory is counted in records, however long the topic and the trouble."""

import asyncio
from collections.abc import Sequence
from datetime import date

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.ids import partition_of
from shared.messaging import kafka, stream_store
from shared.messaging.consumer import Consumer
from shared.messaging.subscription import Received
from shared.messaging.tests.toy import PARTITIONS, Toy, customers_in, settled

_FETCHED = 50


async def test_row_52_a_partition_in_trouble_holds_one_fetch_while_others_flow(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Faults 2.52: of what it cannot apply it fetches no more; when the trouble is over it goes on to the end."""
    monkeypatch.setattr(kafka, "MAX_RECORDS", _FETCHED)
    in_trouble, apply = True, toy.subscription.apply

    async def troubled(connection: AsyncConnection, batch: Sequence[Received], *, today: date) -> None:
        customer_id = batch[0].envelope.customer_id
        if in_trouble and customer_id is not None and partition_of(customer_id, PARTITIONS) == 0:
            raise ConnectionError("the disk is slow")
        await apply(connection, batch, today=today)

    monkeypatch.setattr(toy.subscription, "apply", troubled)
    sick, healthy = customers_in(0, 1)[0], customers_in(1, 1)[0]
    await toy.publish(*(settled(sick, f"S-{n}") for n in range(10 * _FETCHED)))
    await toy.publish(*(settled(healthy, f"H-{n}") for n in range(10 * _FETCHED)))
    consumer, held = toy.consume(), [0]
    async with toy.running(consumer=False), asyncio.TaskGroup() as group:
        consuming = group.create_task(consumer.run())
        watching = group.create_task(_watch(consumer, held))
        await toy.until("SELECT count(*) FROM effect", 10 * _FETCHED)
        assert len(await toy.effects(sick)) == 0
        in_trouble = False
        await toy.until("SELECT count(*) FROM effect", 20 * _FETCHED)
        consuming.cancel()
        watching.cancel()
    assert 0 < max(held) <= _FETCHED


async def _watch(consumer: Consumer, held: list[int]) -> None:
    """Note how many records wait in each partition, as long as it works."""
    while True:
        held += [sum(map(len, lane.backlog.values())) for lane in consumer._lanes.values()]  # noqa: SLF001 - what is bounded
        await asyncio.sleep(0.01)


async def test_row_52_a_relay_reads_a_part_of_an_outbox_however_long_it_is(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Faults 2.52: after hours without Kafka it numbers and sends so many rows at a time, in their order."""
    monkeypatch.setattr(stream_store, "ASSIGN_LIMIT", _FETCHED)
    customer = customers_in(0, 1)[0]
    await toy.publish(*(settled(customer, f"R-{n}") for n in range(5 * _FETCHED)))
    relay = toy.relay()
    async with toy.publisher.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await stream_store.ensure_heads(connection, PARTITIONS)
        sent = [await relay.publish_once(connection) for _ in range(6)]
    await relay.sending.drop()
    assert sent == [*[_FETCHED] * 5, 0]
