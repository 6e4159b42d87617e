"""Proves P4: a topic and a database that contradict each other are told from a broker's loss, and led together."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Row, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.ids import new_id
from shared.messaging import consumer, relay, stream_store
from shared.messaging.agreement import StreamConflict, agree_with_topic
from shared.messaging.kafka import Record, StreamProducer
from shared.messaging.outgoing import Outgoing
from shared.messaging.own_stream import EpochBegun, NothingContradicts, NotKept, OwnStream
from shared.messaging.rereading import Rereading
from shared.messaging.tests.toy import PARTITIONS, Toy, customers_in, settled
from shared.messaging.topic_reader import TopicReader

_NO = 0
_CUSTOMER = customers_in(_NO, 1)[0]
_BACKUP = ("outbox", "stream_head")
_WAITING = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever looks now and then looks often."""
    monkeypatch.setattr(relay, "RETRY_SECONDS", 0.2)
    monkeypatch.setattr(consumer, "LOOK_AGAIN_SECONDS", 0.2)
    monkeypatch.setattr(consumer, "WATCH_EVERY_SECONDS", 0.3)


def _own_stream(toy: Toy) -> OwnStream:
    return OwnStream(toy.publisher.begin, toy.bootstrap, toy.topic, toy.wake.outbox)


async def _begin_epoch(toy: Toy) -> EpochBegun:
    """Begin an epoch in the one partition that is in conflict."""
    (begun,), remaining = await _own_stream(toy).begin_epoch(actor="ops")
    assert remaining == 0
    return begun


async def _publish(toy: Toy, numbers: Sequence[str], *, applied: int) -> list[Outgoing]:
    """Let these be published and applied, `applied` in all; return them."""
    events = [settled(_CUSTOMER, number) for number in numbers]
    async with toy.running():
        await toy.publish(*events)
        await toy.until("SELECT count(*) FROM effect", applied)
    return events


async def _back_up(toy: Toy) -> None:
    async with toy.publisher.begin() as connection:
        for table in _BACKUP:
            await connection.execute(text(f"CREATE TABLE saved_{table} AS TABLE {table}"))


async def _restore(toy: Toy) -> None:
    async with toy.publisher.begin() as connection:
        for table in _BACKUP:
            await connection.execute(text(f"DELETE FROM {table}"))
            overriding = "OVERRIDING SYSTEM VALUE" if table == "outbox" else ""
            await connection.execute(text(f"INSERT INTO {table} {overriding} TABLE saved_{table}"))


async def _conflict(toy: Toy) -> str:
    async with toy.publisher.connect() as connection:
        with pytest.raises(StreamConflict) as found:
            await agree_with_topic(connection, toy.bootstrap, toy.topic)
    return str(found.value)


async def _numbers(toy: Toy) -> list[str]:
    return [each.split()[-1] for each in await toy.effects(_CUSTOMER)]


async def _records(toy: Toy) -> list[Record]:
    reader = TopicReader(toy.bootstrap, toy.topic)
    await reader.start()
    found = await reader.read_to_end()
    await reader.close()
    return found[toy.topic, _NO]


async def _send(toy: Toy, *records: Record) -> None:
    producer = StreamProducer(toy.bootstrap, client="stranger")
    await producer.start()
    await producer.send(records)
    await producer.drop()


async def _rows(toy: Toy, statement: str) -> list[Row[Any]]:
    async with toy.publisher.connect() as connection:
        return list(await connection.execute(text(statement)))


async def test_a_restored_database_goes_on_in_a_new_epoch_and_tells_nothing_twice(toy: Toy) -> None:
    """P4, faults 2.51: two facts of the lost hour, one made again before the epoch, one after it; new ones flow."""
    await _publish(toy, ["A-0", "A-1"], applied=2)
    await _back_up(toy)
    lost = await _publish(toy, ["A-2", "A-3"], applied=4)
    await _restore(toy)
    await toy.publish(lost[0], settled(_CUSTOMER, "A-4"))
    assert "restored or copied" in await _conflict(toy)
    begun = await _begin_epoch(toy)
    assert (begun.partition_no, begun.epoch, begun.taken_over, begun.to_be_told) == (_NO, 2, 1, 1)
    await toy.publish(lost[1], settled(_CUSTOMER, "A-5"))
    async with toy.running():
        await toy.until("SELECT count(*) FROM effect", 6)
    assert await _numbers(toy) == [f"A-{n}" for n in range(6)]
    told = await _rows(toy, "SELECT epoch, sequence, subject FROM outbox ORDER BY epoch, sequence")
    places = [(1, 1), (1, 2), (1, 3), (1, 4), (2, 1), (2, 2)]
    assert [tuple(row) for row in told] == [(*place, f"A-{n}") for n, place in enumerate(places)]


async def test_an_event_made_again_while_the_epoch_begins_is_not_told_twice(toy: Toy) -> None:
    """P4, faults 2.51: a handler had written it and not committed; the new epoch waits for it, and it stays told."""
    await _publish(toy, ["H-0"], applied=1)
    await _back_up(toy)
    (lost,) = await _publish(toy, ["H-1"], applied=2)
    await _restore(toy)
    async with toy.publisher.begin() as connection:
        await toy.outbox.append(connection, [lost])
        beginning = asyncio.create_task(_begin_epoch(toy))
        while not await _rows(toy, _WAITING):
            await asyncio.sleep(0.01)
    begun = await beginning
    assert (begun.taken_over, begun.to_be_told) == (0, 0)
    told = await _rows(toy, "SELECT epoch, sequence, subject FROM outbox ORDER BY epoch, sequence")
    assert [tuple(row) for row in told] == [(1, 1, "H-0"), (1, 2, "H-1")]


async def test_a_service_learns_from_what_a_new_epoch_takes_over_in_its_transaction(toy: Toy) -> None:
    """P4, N4, faults 2.51: it sees what the topic alone had; what it cannot keep begins no epoch."""
    await _publish(toy, ["L-0"], applied=1)
    await _back_up(toy)
    await _publish(toy, ["L-1", "L-2"], applied=3)
    await _restore(toy)
    seen: list[str] = []

    async def learn(connection: AsyncConnection) -> None:
        known = set(seen)
        seen.extend((await connection.execute(text("SELECT subject FROM outbox ORDER BY sequence"))).scalars())
        if not known:
            raise LookupError

    stream = replace(_own_stream(toy), on_new_epoch=learn)
    with pytest.raises(LookupError):
        await stream.begin_epoch(actor="ops")
    assert seen == ["L-0", "L-1", "L-2"]
    assert [tuple(each) for each in await _rows(toy, f"SELECT epoch FROM stream_head WHERE partition_no = {_NO}")] == [
        (1,)
    ]
    (begun,), _ = await stream.begin_epoch(actor="ops")
    assert begun.epoch == 2


async def test_what_was_numbered_and_never_sent_is_told_in_the_new_epoch(toy: Toy) -> None:
    """P4: a copy numbered a row while the original told another under that number."""
    await _publish(toy, ["B-0"], applied=1)
    await _back_up(toy)
    await _publish(toy, ["B-1", "B-2"], applied=3)
    await _restore(toy)
    await toy.publish(settled(_CUSTOMER, "B-mine"))
    async with toy.publisher.begin() as connection:
        await stream_store.assign(connection)
    begun = await _begin_epoch(toy)
    assert (begun.taken_over, begun.to_be_told) == (2, 1)
    async with toy.running():
        await toy.until("SELECT count(*) FROM effect", 4)
    assert await _numbers(toy) == ["B-0", "B-1", "B-2", "B-mine"]


async def test_another_event_under_the_last_number_is_another_history(toy: Toy) -> None:
    """P4: as many events in both, and not the same: numbers alone would not tell."""
    await _publish(toy, ["C-0"], applied=1)
    await _back_up(toy)
    await _publish(toy, ["C-1"], applied=2)
    await _restore(toy)
    await toy.publish(settled(_CUSTOMER, "C-mine"))
    async with toy.publisher.begin() as connection:
        await stream_store.assign(connection)
    assert "has event" in await _conflict(toy)
    begun = await _begin_epoch(toy)
    assert (begun.epoch, begun.taken_over, begun.to_be_told) == (2, 1, 1)
    async with toy.running():
        await toy.until("SELECT count(*) FROM effect", 3)
    assert await _numbers(toy) == ["C-0", "C-1", "C-mine"]


async def test_a_backup_from_before_an_epoch_goes_on_behind_it(toy: Toy) -> None:
    """P4: the topic is at a later epoch than the database; the next one is later than both."""
    await _publish(toy, ["D-0"], applied=1)
    await _back_up(toy)
    await _publish(toy, ["D-1"], applied=2)
    await _restore(toy)
    await _begin_epoch(toy)
    await _publish(toy, ["D-2"], applied=3)
    await _restore(toy)
    assert "is at epoch 2" in await _conflict(toy)
    begun = await _begin_epoch(toy)
    assert (begun.epoch, begun.taken_over) == (3, 2)
    await _publish(toy, ["D-3"], applied=4)
    assert await _numbers(toy) == [f"D-{n}" for n in range(4)]


async def test_what_a_stranger_wrote_under_a_later_number_keeps_no_epoch_from_beginning(toy: Toy) -> None:
    """P4, faults 2.18: with a body that is no text; readers who stopped before it are led to the new epoch."""
    await _publish(toy, ["L-0"], applied=1)
    row = replace((await _records(toy))[0], body=b"\xff\x00")
    headers = [
        (name, {"ce_sequence": b"5", "ce_id": str(new_id()).encode()}.get(name, was)) for name, was in row.headers
    ]
    await _send(toy, replace(row, headers=headers))
    await toy.publish(settled(_CUSTOMER, "L-1"))
    assert "ends at sequence 5" in await _conflict(toy)
    begun = await _begin_epoch(toy)
    assert (begun.epoch, begun.taken_over, begun.to_be_told) == (2, 1, 1)
    async with toy.running():
        await toy.until("SELECT count(*) FROM stream_position WHERE stopped_reason LIKE '%found 5'", 1)
        await Rereading(toy.lane.begin, {toy.topic}).read_from((toy.topic, _NO), 2, actor="ops")
        await toy.until("SELECT count(*) FROM effect", 2)
    assert await _numbers(toy) == ["L-0", "L-1"]


async def test_partitions_begin_their_epochs_one_after_the_other(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    """P4: each is read from its first record: a request that is over its time leaves the others to the next."""
    monkeypatch.setattr("shared.messaging.own_stream._REQUEST_SECONDS", 0)
    other = customers_in(1, 1)[0]
    await _back_up(toy)
    async with toy.running():
        await toy.publish(settled(_CUSTOMER, "M-0"), settled(other, "M-0"))
        await toy.until("SELECT count(*) FROM effect", 2)
    await _restore(toy)
    await toy.publish(settled(_CUSTOMER, "M-1"), settled(other, "M-1"))
    async with toy.publisher.begin() as connection:
        await stream_store.ensure_heads(connection, PARTITIONS)
    for left in (1, 0):
        begun, remaining = await _own_stream(toy).begin_epoch(actor="ops")
        assert ([each.partition_no for each in begun], remaining) == ([1 - left], left)
    async with toy.running():
        await toy.until("SELECT count(*) FROM effect", 4)


async def test_where_nothing_contradicts_no_epoch_begins(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    """P4: neither while the relay publishes nor while nobody does."""
    await _publish(toy, ["E-0"], applied=1)
    with pytest.raises(NothingContradicts):
        await _own_stream(toy).begin_epoch(actor="ops")
    monkeypatch.setattr("shared.messaging.own_stream._LOCK_SECONDS", 0.3)
    async with toy.running(consumer=False):
        await toy.publish(settled(_CUSTOMER, "E-1"))
        await _until_acknowledged(toy, 2)
        with pytest.raises(NothingContradicts, match="publishes"):
            await _own_stream(toy).begin_epoch(actor="ops")


async def test_strangers_and_copies_at_the_end_hide_nothing(toy: Toy) -> None:
    """P4, faults 2.14, 2.18: the last event is found before them, and nothing is sent again."""
    await _publish(toy, ["F-0", "F-1"], applied=2)
    first = (await _records(toy))[0]
    await _send(toy, first, Record(toy.topic, _NO, -1, [], b"garbage"))
    await _publish(toy, ["F-2"], applied=3)
    assert len(await _records(toy)) == 5


async def test_an_event_of_this_history_is_never_made_twice(toy: Toy) -> None:
    """P4: only what an earlier epoch told may come again; anything else of a known id is refused as before."""
    event = settled(_CUSTOMER, "G-0")
    await toy.publish(event)
    with pytest.raises(IntegrityError):
        await toy.publish(settled(_CUSTOMER, "G-1"), event)


async def test_what_the_broker_lost_behind_the_head_is_sent_again_while_the_relay_leads(toy: Toy) -> None:
    """P4: acknowledged and lost in the middle: sent again, and the reader led to it, everything takes effect once."""
    await toy.publish(*(settled(_CUSTOMER, f"H-{n}") for n in range(4)))
    async with toy.publisher.begin() as connection:
        await stream_store.ensure_heads(connection, PARTITIONS)
        await stream_store.assign(connection)
        rows = await stream_store.unacknowledged(connection)
        await stream_store.mark_acknowledged(connection, rows)
    await _send(toy, *(toy.relay().sending.record(row) for row in (rows[0], *rows[2:])))
    async with toy.running():
        await toy.until("SELECT count(*) FROM stream_position WHERE stopped_reason IS NOT NULL", 1)
        assert await _own_stream(toy).send_again(_NO, 2, actor="ops") == 3
        await _until_acknowledged(toy, 4)
        await Rereading(toy.lane.begin, {toy.topic}).read_from((toy.topic, _NO), 3, actor="ops")
        await toy.until("SELECT count(*) FROM effect", 4)
    assert await _numbers(toy) == [f"H-{n}" for n in range(4)]


@pytest.mark.parametrize("sequence", [0, 2])
async def test_only_what_was_acknowledged_and_is_kept_is_sent_again(toy: Toy, sequence: int) -> None:
    """P4: a number that was never given out would be a hole of our own."""
    await _publish(toy, ["I-0"], applied=1)
    with pytest.raises(NotKept):
        await _own_stream(toy).send_again(_NO, sequence, actor="ops")


async def _until_acknowledged(toy: Toy, sequence: int) -> None:
    async with asyncio.timeout(20):
        while (await _rows(toy, f"SELECT acknowledged_sequence FROM stream_head WHERE partition_no = {_NO}")) != [
            (sequence,)
        ]:
            await asyncio.sleep(0.05)
