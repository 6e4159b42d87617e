"""Proves P6: an answer heard before its question waits for the other topics, and is not parked for that."""

from collections.abc import Collection
from typing import Any

import pytest
from sqlalchemy import text

from shared.messaging import stream_store
from shared.messaging.awaiting import Awaiting
from shared.messaging.kafka import Place, Record
from shared.messaging.subscription import NotYetKnown
from shared.messaging.tests.toy import PARTITIONS, Toy, customers_in, settled

_HERE, _THERE = ("here", 0), ("there", 0)


async def _stand(toy: Toy, next_offset: int, *, stopped: bool = False) -> None:
    async with toy.consumer.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO stream_position (topic, partition_no, next_offset, stopped_reason) "
                "VALUES ('there', 0, :at, CASE WHEN :stopped THEN 'a hole' END) ON CONFLICT (topic, partition_no) "
                "DO UPDATE SET next_offset = excluded.next_offset, stopped_reason = excluded.stopped_reason"
            ),
            {"at": next_offset, "stopped": stopped},
        )


async def test_it_waits_for_the_ends_of_then_and_not_for_later_ones(toy: Toy) -> None:
    """P6: else it would wait for as long as anything flows."""
    ends = {_THERE: 5}

    async def ask(places: Collection[Place]) -> dict[Place, int]:
        assert list(places) == [_THERE]
        return dict(ends)

    awaiting = Awaiting(engine=toy.consumer, topics=["here", "there"], ends=ask)
    assert await awaiting.others_come(_HERE), "nothing is read of the other topic"
    await _stand(toy, 4)
    ends[_THERE] = 9
    assert await awaiting.others_come(_HERE)
    await _stand(toy, 5)
    assert not await awaiting.others_come(_HERE)
    awaiting.found(_HERE)
    assert await awaiting.others_come(_HERE), "the next one asks anew"
    await _stand(toy, 5, stopped=True)
    assert not await awaiting.others_come(_HERE), "what stands still brings nothing"


async def test_an_early_event_is_parked_only_when_nothing_may_come(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    """P6: until then nothing of it is stored, and what came before it is applied."""

    async def refuse(_connection: Any, batch: Any, **_: Any) -> None:
        if any(each.event.number == "early" for each in batch):
            raise NotYetKnown("never heard of")

    monkeypatch.setattr(toy.subscription, "apply", refuse)
    customer = customers_in(0, 1)[0]
    await toy.publish(settled(customer, "A-0"), settled(customer, "early"))
    async with toy.publisher.begin() as connection:
        await stream_store.ensure_heads(connection, PARTITIONS)
        await stream_store.assign(connection)
        rows = await stream_store.unacknowledged(connection)
    records = [_at(offset, toy.relay().sending.record(row)) for offset, row in enumerate(rows)]
    place = (toy.topic, 0)

    async def yes() -> bool:
        return True

    async def no() -> bool:
        return False

    assert await toy.lane.take(place, records, may_come=yes) == 1
    with pytest.raises(NotYetKnown):
        await toy.lane.take(place, records[1:], may_come=yes)
    assert await toy.ask("SELECT sequence, (SELECT count(*) FROM parked_item) FROM stream_position") == [(1, 0)]
    assert await toy.lane.take(place, records[1:], may_come=no) == 1
    assert await toy.ask("SELECT sequence, (SELECT count(*) FROM parked_item) FROM stream_position") == [(2, 1)]


def _at(offset: int, record: Record) -> Record:
    return Record(record.topic, record.partition_no, offset, record.headers, record.body, record.key)
