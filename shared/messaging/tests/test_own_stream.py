"""Proves P4: a topic and a database that contradict each other are told from a broker's loss, and led together."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Row, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.ids import new_id
from shared.messaging import agreement, stream_store
from shared.messaging.agreement import StreamConflict, agree_with_topic
from shared.messaging.own_stream import NothingContradicts
from shared.messaging.rereading import Rereading
from shared.messaging.tests.topic import (
    back_up,
    begin_epoch,
    numbers_of,
    own_stream,
    records_of,
    restore,
    tell,
    until_acknowledged,
    write,
)
from shared.messaging.tests.toy import PARTITIONS, Toy, customers_in, settled

_NO = 0
_CUSTOMER = customers_in(_NO, 1)[0]
_WAITING = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"

pytestmark = pytest.mark.usefixtures("impatient")


async def _conflict(toy: Toy) -> str:
    async with toy.publisher.connect() as connection:
        with pytest.raises(StreamConflict) as found:
            await agree_with_topic(connection, toy.bootstrap, toy.topic)
    return str(found.value)


async def _rows(toy: Toy, statement: str) -> list[Row[Any]]:
    async with toy.publisher.connect() as connection:
        return list(await connection.execute(text(statement)))


async def test_a_restored_database_goes_on_in_a_new_epoch_and_tells_nothing_twice(toy: Toy) -> None:
    """P4, faults 2.51: two facts of the lost hour, one made again before the epoch, one after it; new ones flow."""
    await tell(toy, _CUSTOMER, ["A-0", "A-1"], applied=2)
    await back_up(toy)
    lost = await tell(toy, _CUSTOMER, ["A-2", "A-3"], applied=4)
    await restore(toy)
    await toy.publish(lost[0], settled(_CUSTOMER, "A-4"))
    assert "restored or copied" in await _conflict(toy)
    begun = await begin_epoch(toy)
    assert (begun.partition_no, begun.epoch, begun.taken_over, begun.to_be_told) == (_NO, 2, 1, 1)
    await toy.publish(lost[1], settled(_CUSTOMER, "A-5"))
    async with toy.running():
        await toy.until("SELECT count(*) FROM effect", 6)
    assert await numbers_of(toy, _CUSTOMER) == [f"A-{n}" for n in range(6)]
    told = await _rows(toy, "SELECT epoch, sequence, subject FROM outbox ORDER BY epoch, sequence")
    places = [(1, 1), (1, 2), (1, 3), (1, 4), (2, 1), (2, 2)]
    assert [tuple(row) for row in told] == [(*place, f"A-{n}") for n, place in enumerate(places)]


async def test_an_event_made_again_while_the_epoch_begins_is_not_told_twice(toy: Toy) -> None:
    """P4, faults 2.51: a handler had written it and not committed; it stays told, and as it was told."""
    await tell(toy, _CUSTOMER, ["H-0"], applied=1)
    await back_up(toy)
    (lost,) = await tell(toy, _CUSTOMER, ["H-1"], applied=2)
    await restore(toy)
    later = replace(lost.cause, recorded_at=lost.cause.recorded_at + timedelta(hours=1))
    async with toy.publisher.begin() as connection:
        await toy.outbox.append(connection, [replace(lost, cause=later)])
        beginning = asyncio.create_task(begin_epoch(toy))
        while not await _rows(toy, _WAITING):
            await asyncio.sleep(0.01)
    begun = await beginning
    assert (begun.taken_over, begun.to_be_told) == (0, 0)
    [_, row] = await _rows(toy, "SELECT epoch, sequence, recorded_at FROM outbox ORDER BY sequence")
    assert tuple(row) == (1, 2, lost.cause.recorded_at)


async def test_a_service_learns_from_what_a_new_epoch_takes_over_in_its_transaction(toy: Toy) -> None:
    """P4, N4, faults 2.51: it sees what the topic alone had; what it cannot keep begins no epoch."""
    await tell(toy, _CUSTOMER, ["L-0"], applied=1)
    await back_up(toy)
    await tell(toy, _CUSTOMER, ["L-1", "L-2"], applied=3)
    await restore(toy)
    seen: list[str] = []

    async def learn(connection: AsyncConnection) -> None:
        known = set(seen)
        seen.extend((await connection.execute(text("SELECT subject FROM outbox ORDER BY sequence"))).scalars())
        if not known:
            raise LookupError

    stream = replace(own_stream(toy), on_new_epoch=learn)
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
    await tell(toy, _CUSTOMER, ["B-0"], applied=1)
    await back_up(toy)
    await tell(toy, _CUSTOMER, ["B-1", "B-2"], applied=3)
    await restore(toy)
    await toy.publish(settled(_CUSTOMER, "B-mine"))
    async with toy.publisher.begin() as connection:
        await stream_store.assign(connection)
    begun = await begin_epoch(toy)
    assert (begun.taken_over, begun.to_be_told) == (2, 1)
    async with toy.running():
        await toy.until("SELECT count(*) FROM effect", 4)
    assert await numbers_of(toy, _CUSTOMER) == ["B-0", "B-1", "B-2", "B-mine"]


async def test_another_event_under_the_last_number_is_another_history(toy: Toy) -> None:
    """P4: as many events in both, and not the same: numbers alone would not tell."""
    await tell(toy, _CUSTOMER, ["C-0"], applied=1)
    await back_up(toy)
    await tell(toy, _CUSTOMER, ["C-1"], applied=2)
    await restore(toy)
    await toy.publish(settled(_CUSTOMER, "C-mine"))
    async with toy.publisher.begin() as connection:
        await stream_store.assign(connection)
    assert "has event" in await _conflict(toy)
    begun = await begin_epoch(toy)
    assert (begun.epoch, begun.taken_over, begun.to_be_told) == (2, 1, 1)
    async with toy.running():
        await toy.until("SELECT count(*) FROM effect", 3)
    assert await numbers_of(toy, _CUSTOMER) == ["C-0", "C-1", "C-mine"]


async def test_a_backup_from_before_an_epoch_goes_on_behind_it(toy: Toy) -> None:
    """P4: the topic is at a later epoch than the database; the next one is later than both."""
    await tell(toy, _CUSTOMER, ["D-0"], applied=1)
    await back_up(toy)
    await tell(toy, _CUSTOMER, ["D-1"], applied=2)
    await restore(toy)
    await begin_epoch(toy)
    await tell(toy, _CUSTOMER, ["D-2"], applied=3)
    await restore(toy)
    assert "is at epoch 2" in await _conflict(toy)
    begun = await begin_epoch(toy)
    assert (begun.epoch, begun.taken_over) == (3, 2)
    await tell(toy, _CUSTOMER, ["D-3"], applied=4)
    assert await numbers_of(toy, _CUSTOMER) == [f"D-{n}" for n in range(4)]


async def test_what_a_stranger_wrote_under_a_later_number_keeps_no_epoch_from_beginning(toy: Toy) -> None:
    """P4, faults 2.18: with a body that is no text; readers who stopped before it are led to the new epoch."""
    await tell(toy, _CUSTOMER, ["L-0"], applied=1)
    row = replace((await records_of(toy))[0], body=b"\xff\x00")
    headers = [
        (name, {"ce_sequence": b"5", "ce_id": str(new_id()).encode()}.get(name, was)) for name, was in row.headers
    ]
    await write(toy, replace(row, headers=headers))
    await toy.publish(settled(_CUSTOMER, "L-1"))
    assert "ends at sequence 5" in await _conflict(toy)
    begun = await begin_epoch(toy)
    assert (begun.epoch, begun.taken_over, begun.to_be_told) == (2, 1, 1)
    async with toy.running():
        await toy.until("SELECT count(*) FROM stream_position WHERE stopped_reason LIKE '%found 5'", 1)
        await Rereading(toy.lane.begin, {toy.topic}).read_from((toy.topic, _NO), 2, actor="ops")
        await toy.until("SELECT count(*) FROM effect", 2)
    assert await numbers_of(toy, _CUSTOMER) == ["L-0", "L-1"]


async def test_partitions_begin_their_epochs_one_after_the_other(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    """P4: each is read from its first record: a request that is over its time leaves the others to the next."""
    monkeypatch.setattr("shared.messaging.own_stream._REQUEST_SECONDS", 0)
    other = customers_in(1, 1)[0]
    await back_up(toy)
    async with toy.running():
        await toy.publish(settled(_CUSTOMER, "M-0"), settled(other, "M-0"))
        await toy.until("SELECT count(*) FROM effect", 2)
    await restore(toy)
    await toy.publish(settled(_CUSTOMER, "M-1"), settled(other, "M-1"))
    async with toy.publisher.begin() as connection:
        await stream_store.ensure_heads(connection, PARTITIONS)
    for left in (1, 0):
        begun, remaining = await own_stream(toy).begin_epoch(actor="ops")
        assert ([each.partition_no for each in begun], remaining) == ([1 - left], left)
    async with toy.running():
        await toy.until("SELECT count(*) FROM effect", 4)


async def test_where_nothing_contradicts_no_epoch_begins(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    """P4: neither while the relay publishes nor while nobody does."""
    await tell(toy, _CUSTOMER, ["E-0"], applied=1)
    with pytest.raises(NothingContradicts):
        await own_stream(toy).begin_epoch(actor="ops")
    monkeypatch.setattr("shared.messaging.own_stream._LOCK_SECONDS", 0.3)
    async with toy.running(consumer=False):
        await toy.publish(settled(_CUSTOMER, "E-1"))
        await until_acknowledged(toy, 2)
        with pytest.raises(NothingContradicts, match="publishes"):
            await own_stream(toy).begin_epoch(actor="ops")


async def test_an_event_of_this_history_is_never_made_twice(toy: Toy) -> None:
    """P4: only what an earlier epoch told may come again; anything else of a known id is refused as before."""
    event = settled(_CUSTOMER, "G-0")
    await toy.publish(event)
    with pytest.raises(IntegrityError):
        await toy.publish(settled(_CUSTOMER, "G-1"), event)


async def test_row_51_copies_at_the_end_of_a_topic_do_not_hide_how_far_it_was(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P4, faults 2.51: the restore ended a relay that sent again; what is new takes no number told before."""
    monkeypatch.setattr(agreement, "TAIL_RECORDS", 2)
    await tell(toy, _CUSTOMER, ["P-0", "P-1", "P-2"], applied=3)
    await back_up(toy)
    await tell(toy, _CUSTOMER, ["P-3", "P-4"], applied=5)
    await write(toy, *(await records_of(toy))[:2])
    await restore(toy)
    await toy.publish(settled(_CUSTOMER, "P-mine"))
    assert "ends at sequence 5" in await _conflict(toy)
    assert (await begin_epoch(toy)).to_be_told == 1
    async with toy.running():
        await toy.until("SELECT count(*) FROM effect", 6)
    assert await numbers_of(toy, _CUSTOMER) == [*(f"P-{n}" for n in range(5)), "P-mine"]
