"""Proves P4 on real PostgreSQL and Kafka: what is committed arrives, in order, and takes effect once."""

import asyncio

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text

from shared.contracts.ledger import InvoiceSettled
from shared.messaging import stream_store
from shared.messaging.kafka import Record, StreamProducer
from shared.messaging.outbox import count_appended
from shared.messaging.tests.toy import Toy, customers_in, settled
from shared.messaging.topic_reader import TopicReader


async def topic_length(toy: Toy) -> int:
    """Return how many records the topic holds."""
    reader = TopicReader(toy.bootstrap, toy.topic)
    await reader.start()
    ends = await reader.ends()
    await reader.close()
    return sum(ends.values())


async def test_events_of_many_writers_arrive_in_each_customers_order(toy: Toy) -> None:
    """P4: writers commit at once and out of order; each customer's events keep theirs."""
    customers = customers_in(0, 3) + customers_in(1, 3)

    async def write(customer: str) -> None:
        for number in range(20):
            await toy.publish(settled(customer, f"{customer}-{number}"))

    async with toy.running():
        await asyncio.gather(*(write(each) for each in customers))
        await toy.until("SELECT count(*) FROM effect", 120)
    for customer in customers:
        assert [each.split()[-1] for each in await toy.effects(customer)] == [f"{customer}-{n}" for n in range(20)]


async def test_row_03_what_is_sent_again_takes_no_second_effect(toy: Toy) -> None:
    """P4, faults 2.3: killed between Kafka's answer and its own mark, a relay sends again; the topic has it twice."""
    customer = customers_in(0, 1)[0]
    await toy.publish(*(settled(customer, f"A-{n}") for n in range(5)))
    async with toy.running():
        await toy.until("SELECT count(*) FROM effect", 5)
    async with toy.publisher.begin() as connection:
        await connection.execute(
            text("UPDATE stream_head SET acknowledged_sequence = 2 WHERE acknowledged_sequence = 5")
        )
    async with toy.running():
        await toy.publish(settled(customer, "A-5"))
        await toy.until("SELECT count(*) FROM effect", 6)
    assert await topic_length(toy) == 5 + 3 + 1
    assert len(await toy.effects()) == 6


async def test_a_consumer_that_starts_anew_goes_on_where_its_database_is(toy: Toy) -> None:
    """P4: positions are in the database; a consumer of a new client skips nothing and repeats nothing."""
    customer = customers_in(1, 1)[0]
    for round_no in range(3):
        async with toy.running():
            await toy.publish(settled(customer, f"B-{round_no}"))
            await toy.until("SELECT count(*) FROM effect", round_no + 1)
    assert [each.split()[-1] for each in await toy.effects(customer)] == ["B-0", "B-1", "B-2"]


async def test_a_restored_database_publishes_nothing_and_says_why(toy: Toy) -> None:
    """P4: a topic ahead of its database means a restored copy; going on would give its numbers twice."""
    await toy.publish(settled(customers_in(0, 1)[0], "C-1"))
    async with toy.running():
        await toy.until("SELECT count(*) FROM effect", 1)
    async with toy.publisher.begin() as connection:
        await connection.execute(text("DELETE FROM outbox"))
        await connection.execute(
            text("UPDATE stream_head SET sequence = 0, acknowledged_sequence = 0, last_event_id = NULL")
        )
    relay = toy.relay()
    task = asyncio.create_task(relay.run())
    async with asyncio.timeout(60):
        while relay.conflict is None:
            await asyncio.sleep(0.05)
    task.cancel()
    assert "restored" in relay.conflict


async def test_row_18_garbage_in_the_topic_is_quarantined_and_the_rest_flows(toy: Toy) -> None:
    """P4, faults 2.18: a record without an envelope is kept with its bytes and stops nobody."""
    customer = customers_in(0, 1)[0]
    async with toy.running(consumer=False):
        await toy.publish(settled(customer, "D-1"))
        async with asyncio.timeout(60):
            while await topic_length(toy) < 1:
                await asyncio.sleep(0.05)
        producer = StreamProducer(toy.bootstrap, client="stranger")
        await producer.start()
        await producer.send(
            [
                Record(toy.topic, 0, -1, [("ce_id", b"\xff\x00")], b"\x00garbage"),
                Record(toy.topic, 0, -1, [], None, b"k"),
            ]
        )
        await producer.drop()
        await toy.publish(settled(customer, "D-2"))
        async with toy.running(relay=False):
            await toy.until("SELECT count(*) FROM effect", 2)
    assert [bytes(row.body or b"") for row in await toy.ask("SELECT body FROM quarantine ORDER BY record_offset")] == [
        b"\x00garbage",
        b"",
    ]


@pytest.mark.parametrize("lost", ["E-1", "E-2"])
async def test_a_lost_event_stops_its_partition_and_no_other(toy: Toy, lost: str) -> None:
    """P4: a gap means loss: nothing behind it is applied, and the reason is stored for people."""
    customer = customers_in(0, 1)[0]
    await toy.publish(*(settled(customer, f"E-{n}") for n in range(4)))
    async with toy.publisher.begin() as connection:
        hidden = (await connection.execute(text("SELECT id FROM outbox WHERE subject = :s"), {"s": lost})).scalar_one()
    relay = toy.relay()
    async with toy.publisher.connect() as connection:
        await stream_store.ensure_heads(connection, 2)
        await stream_store.assign(connection)
        await connection.commit()
        rows = [row for row in await stream_store.unacknowledged(connection) if row.id != hidden]
    producer = StreamProducer(toy.bootstrap, client="lossy")
    await producer.start()
    await producer.send([relay.sending.record(row) for row in rows])
    await producer.drop()
    healthy = customers_in(1, 1)[0]
    async with toy.running(relay=False):
        await toy.until("SELECT count(*) FROM stream_position WHERE stopped_reason LIKE '%expected sequence%'", 1)
    async with toy.running():
        await toy.publish(settled(healthy, "H"))
        await toy.until("SELECT count(*) FROM effect WHERE what LIKE '%H'", 1)
    assert len(await toy.effects(customer)) == int(lost[-1])


async def test_what_happened_is_counted_by_type_once_it_is_committed(toy: Toy) -> None:
    """P10: the business figures follow from the events; what was rolled back did not happen."""
    count_appended(toy.publisher, toy.topic)
    label = {"event": InvoiceSettled.wire}
    before = REGISTRY.get_sample_value("dueflow_facts_total", label) or 0
    await toy.publish(*(settled("K1", f"F-{n}") for n in range(3)))
    with pytest.raises(RuntimeError, match="rolled back"):
        await _publish_in_vain(toy)
    assert REGISTRY.get_sample_value("dueflow_facts_total", label) == before + 3
    assert REGISTRY.get_sample_value("dueflow_events_appended_total", {"topic": toy.topic}) == 3


async def _publish_in_vain(toy: Toy) -> None:
    async with toy.publisher.begin() as connection:
        await toy.outbox.append(connection, [settled("K1", "F-3")])
        msg = "rolled back"
        raise RuntimeError(msg)
