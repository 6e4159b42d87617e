"""Proves that passing over what means nothing stores the same positions, and never overtakes another worker (P4)."""

from sqlalchemy import text

from shared.contracts.ledger import PaymentRefunded
from shared.ids import customer_id_of, new_id
from shared.messaging.applying import Applier
from shared.messaging.kafka import Record
from shared.messaging.outgoing import Outgoing
from shared.messaging.passing import Passing
from shared.messaging.sifting import Position, sift
from shared.messaging.tests.toy import PARTITIONS, TODAY, Toy, customers_in, request_cause, settled
from shared.messaging.topic_reader import TopicReader

_POSITION = text("SELECT sequence, next_offset FROM stream_position WHERE partition_no = 0")


def refunded(customer: str) -> Outgoing:
    """Return an event of which the toy makes nothing."""
    event = PaymentRefunded(
        payment_id=new_id(),
        refund_id=new_id(),
        entity="main",
        currency="CNY",
        amount_minor=100,
        unapplied_before_minor=100,
        unapplied_after_minor=0,
    )
    return Outgoing(
        event=event, subject="R-1", cause=request_cause(), effective_date=TODAY, customer_id=customer_id_of(customer)
    )


async def records_of(toy: Toy, *events: Outgoing) -> list[Record]:
    """Return `events` as they come from Kafka."""
    await toy.publish(*events)
    async with toy.running():
        await toy.until("SELECT coalesce(sum(sequence), 0) FROM stream_position", len(events))
    reader = TopicReader(toy.bootstrap, toy.topic)
    await reader.start()
    records = await reader.read_to_end()
    await reader.close()
    return records[toy.topic, 0]


async def position(toy: Toy) -> tuple[int, int]:
    """Return the stored sequence and offset of partition 0."""
    async with toy.consumer.connect() as connection:
        row = (await connection.execute(_POSITION)).one()
    return row.sequence, row.next_offset


async def test_it_moves_from_where_it_was_left_and_from_nowhere_else(toy: Toy) -> None:
    """P4: the position of passed records is stored; where another worker has moved it, theirs is what counts."""
    customer = customers_in(0, 1)[0]
    records = await records_of(toy, settled(customer, "A"), *(refunded(customer) for _ in range(4)))
    place = (toy.topic, 0)
    async with toy.consumer.begin() as connection:
        await connection.execute(text("DELETE FROM stream_position"))
        await connection.execute(text("DELETE FROM effect"))
    lane = toy.lane
    assert not await lane.passing.over(place, records[1:2])  # nothing is known yet
    assert await lane.take(place, records[:1]) == 1
    assert await lane.passing.over(place, records[1:3])
    assert await position(toy) == (3, 3)
    other = Passing(toy.consumer, Applier(toy.subscription, PARTITIONS), None)
    other.leave(place, sift(Position(), records[:3]).position)
    assert await other.over(place, records[3:])
    assert not await lane.passing.over(place, records[3:4])
    assert await position(toy) == (5, 5)
    assert await lane.take(place, records[3:4]) == 1  # a repeat
    assert await position(toy) == (5, 5)
    assert len(await toy.effects()) == 1


async def test_what_means_something_is_never_passed_over(toy: Toy) -> None:
    """P4: one event of use among many is enough, and so is a hole."""
    customer = customers_in(0, 1)[0]
    records = await records_of(toy, *(refunded(customer) for _ in range(3)), settled(customer, "B"))
    place = (toy.topic, 0)
    async with toy.consumer.begin() as connection:
        await connection.execute(text("DELETE FROM stream_position"))
    await toy.lane.take(place, records[:1])
    assert not await toy.lane.passing.over(place, records[1:])
    await toy.lane.take(place, records[1:2])
    assert not await toy.lane.passing.over(place, records[3:])
