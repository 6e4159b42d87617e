"""Proves P4 and P14: a partition that stands still is led back to where its stream goes on; nothing else changes."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import Row

from shared.messaging import consumer, stream_store
from shared.messaging.kafka import StreamProducer
from shared.messaging.rereading import NotRead, NotStopped, Rereading
from shared.messaging.tests.toy import PARTITIONS, Toy, customers_in, settled
from shared.messaging.topic_reader import TopicReader

_PLACE_NO = 0


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stopped partition is looked at again at once."""
    monkeypatch.setattr(consumer, "LOOK_AGAIN_SECONDS", 0.2)


async def _numbered(toy: Toy) -> Sequence[Row[Any]]:
    async with toy.publisher.connect() as connection:
        await stream_store.ensure_heads(connection, PARTITIONS)
        await stream_store.assign(connection)
        await connection.commit()
        return await stream_store.unacknowledged(connection)


async def _send(toy: Toy, rows: Sequence[Row[Any]]) -> None:
    producer = StreamProducer(toy.bootstrap, client="lossy")
    await producer.start()
    await producer.send([toy.relay().sending.record(row) for row in rows])
    await producer.drop()


def _rereading(toy: Toy) -> Rereading:
    return Rereading(toy.lane.begin, {toy.topic})


async def _stop_before_the_second(toy: Toy) -> Sequence[Row[Any]]:
    """The second of four events never came; return all four as they are sent."""
    customer = customers_in(_PLACE_NO, 1)[0]
    await toy.publish(*(settled(customer, f"G-{n}") for n in range(4)))
    rows = await _numbered(toy)
    await _send(toy, [rows[0], *rows[2:]])
    async with toy.running(relay=False):
        await toy.until("SELECT count(*) FROM stream_position WHERE stopped_reason IS NOT NULL", 1)
    return rows


async def test_what_was_sent_again_behind_a_hole_is_applied_from_there(toy: Toy) -> None:
    """P4: the missing event lies behind the later ones; read from it, all take effect once and in order."""
    rows = await _stop_before_the_second(toy)
    await _send(toy, rows[1:])
    rereading = _rereading(toy)
    async with toy.running(relay=False):
        await rereading.read_from((toy.topic, _PLACE_NO), 3, actor="ops")
        await toy.until("SELECT count(*) FROM effect", 4)
        await toy.until("SELECT count(*) FROM stream_position WHERE stopped_reason IS NOT NULL", 0)
    assert [each.split()[-1] for each in await toy.effects()] == ["G-0", "G-1", "G-2", "G-3"]


@pytest.mark.parametrize("offset", [0, 2, 900])
async def test_a_wrong_offset_applies_nothing_twice_and_passes_over_nothing(toy: Toy, offset: int) -> None:
    """P4: too early only repeats, too late only finds the hole: the partition stands still as before."""
    await _stop_before_the_second(toy)
    rereading = _rereading(toy)
    async with toy.running(relay=False):
        await rereading.read_from((toy.topic, _PLACE_NO), offset, actor="ops")
        await asyncio.sleep(1.5)  # for several looks
    (reading,) = [each for each in await rereading.readings() if each.partition_no == _PLACE_NO]
    assert (reading.sequence, reading.stopped_reason is None) == (1, False)
    assert len(await toy.effects()) == 1


async def test_a_partition_that_flows_is_left_alone(toy: Toy) -> None:
    """P14: there is nothing to lead back."""
    await toy.publish(settled(customers_in(_PLACE_NO, 1)[0], "H-0"))
    async with toy.running():
        await toy.until("SELECT count(*) FROM effect", 1)
    with pytest.raises(NotStopped):
        await _rereading(toy).read_from((toy.topic, _PLACE_NO), 1, actor="ops")
    with pytest.raises(NotRead):
        await _rereading(toy).read_from((toy.topic, 1), 0, actor="ops")
    with pytest.raises(NotRead):
        await _rereading(toy).read_from(("another", _PLACE_NO), 0, actor="ops")


async def test_what_lies_behind_a_reader_that_is_not_stopped_is_read_too(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P4, faults 2.16: the last record led it past the ones that follow: no hole shows, and they are not forgotten."""
    monkeypatch.setattr(consumer, "WATCH_EVERY_SECONDS", 0.2)
    customer = customers_in(_PLACE_NO, 1)[0]
    await toy.publish(*(settled(customer, f"K-{n}") for n in range(3)))
    rows = await _numbered(toy)
    await _send(toy, [rows[2], rows[0], rows[1]])
    rereading = _rereading(toy)
    async with toy.running(relay=False):
        await toy.until("SELECT count(*) FROM stream_position WHERE stopped_reason IS NOT NULL", 1)
        await rereading.read_from((toy.topic, _PLACE_NO), 1, actor="ops")
        await toy.until("SELECT count(*) FROM effect", 2)
        await rereading.read_from((toy.topic, _PLACE_NO), 0, actor="ops")
        await toy.until("SELECT count(*) FROM effect", 3)
        await toy.until(f"SELECT next_offset FROM stream_position WHERE partition_no = {_PLACE_NO}", 3)
    assert [each.split()[-1] for each in await toy.effects()] == ["K-0", "K-1", "K-2"]


async def test_one_partition_is_read_to_its_end_of_now(toy: Toy) -> None:
    """P14: what a command shows of a topic is all of it, in order."""
    first, second = customers_in(0, 1)[0], customers_in(1, 1)[0]
    await toy.publish(*(settled(first, f"I-{n}") for n in range(5)), settled(second, "J-0"))
    await _send(toy, await _numbered(toy))
    reader = TopicReader(toy.bootstrap, toy.topic)
    await reader.start()
    lengths: dict[int, list[int]] = {number: [] for number in range(PARTITIONS)}
    for number in lengths:
        async for records in reader.read_partition((toy.topic, number)):
            lengths[number] += [record.offset for record in records]
    await reader.close()
    assert lengths == {0: [0, 1, 2, 3, 4], 1: [0]}
