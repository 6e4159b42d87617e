"""Proves P4: what the broker lost in the middle is sent again by a command, and nothing else ever is."""

import pytest

from shared.messaging import stream_store
from shared.messaging.kafka import Record
from shared.messaging.own_stream import NotKept
from shared.messaging.rereading import Rereading
from shared.messaging.tests.topic import numbers_of, own_stream, records_of, tell, until_acknowledged, write
from shared.messaging.tests.toy import PARTITIONS, Toy, customers_in, settled

_NO = 0
_CUSTOMER = customers_in(_NO, 1)[0]

pytestmark = pytest.mark.usefixtures("impatient")


async def test_what_the_broker_lost_behind_the_head_is_sent_again_while_the_relay_leads(toy: Toy) -> None:
    """P4: acknowledged and lost in the middle: sent again, and the reader led to it, everything takes effect once."""
    await toy.publish(*(settled(_CUSTOMER, f"H-{n}") for n in range(4)))
    async with toy.publisher.begin() as connection:
        await stream_store.ensure_heads(connection, PARTITIONS)
        await stream_store.assign(connection)
        rows = await stream_store.unacknowledged(connection)
        await stream_store.mark_acknowledged(connection, rows)
    await write(toy, *(toy.relay().sending.record(row) for row in (rows[0], *rows[2:])))
    async with toy.running():
        await toy.until("SELECT count(*) FROM stream_position WHERE stopped_reason IS NOT NULL", 1)
        assert await own_stream(toy).send_again(_NO, 2, actor="ops") == 3
        await until_acknowledged(toy, 4)
        await Rereading(toy.lane.begin, {toy.topic}).read_from((toy.topic, _NO), 3, actor="ops")
        await toy.until("SELECT count(*) FROM effect", 4)
    assert await numbers_of(toy, _CUSTOMER) == [f"H-{n}" for n in range(4)]


@pytest.mark.parametrize("sequence", [0, 2])
async def test_only_what_was_acknowledged_and_is_kept_is_sent_again(toy: Toy, sequence: int) -> None:
    """P4: a number that was never given out would be a hole of our own."""
    await tell(toy, _CUSTOMER, ["I-0"], applied=1)
    with pytest.raises(NotKept):
        await own_stream(toy).send_again(_NO, sequence, actor="ops")


async def test_strangers_and_copies_at_the_end_hide_nothing(toy: Toy) -> None:
    """P4, faults 2.14, 2.18: the last event is found before them, and nothing is sent again."""
    await tell(toy, _CUSTOMER, ["F-0", "F-1"], applied=2)
    first = (await records_of(toy))[0]
    await write(toy, first, Record(toy.topic, _NO, -1, [], b"garbage"))
    await tell(toy, _CUSTOMER, ["F-2"], applied=3)
    assert len(await records_of(toy)) == 5
