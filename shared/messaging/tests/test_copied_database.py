"""Proves P4 where a copy of the database publishes beside the original: both stop, and one goes on in a new epoch."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from shared.ids import new_id
from shared.messaging import new_epoch_store, stream_store
from shared.messaging.envelope import from_headers
from shared.messaging.kafka import Record
from shared.messaging.relay import Relay
from shared.messaging.rereading import Rereading
from shared.messaging.tests.topic import begin_epoch, numbers_of, records_of, tell, write
from shared.messaging.tests.toy import Toy, customers_in, settled

_NO = 0
_CUSTOMER = customers_in(_NO, 1)[0]


pytestmark = pytest.mark.usefixtures("impatient")


async def _copy_publishes(toy: Toy, *, first: Record) -> None:
    """Let a copy tell an event of its own under the second number, behind the first that both have in common."""
    previous = from_headers(first.headers).event_id
    told = {"ce_id": str(new_id()), "ce_sequence": "2", "ce_previousid": str(previous)}
    headers = dict(first.headers) | {name: value.encode() for name, value in told.items()}
    body = (first.body or b"").replace(b'"A-0"', b'"COPY"')
    await write(toy, replace(first, headers=list(headers.items()), body=body))


@asynccontextmanager
async def _publishing(toy: Toy) -> AsyncIterator[Relay]:
    """Run relay and consumer while the block lasts; give the relay."""
    original = toy.relay()
    running = asyncio.create_task(original.run())
    try:
        async with toy.running(relay=False):
            yield original
    finally:
        running.cancel()


async def _until_it_stops(original: Relay) -> str:
    async with asyncio.timeout(60):
        while original.conflict is None:
            await asyncio.sleep(0.05)
    assert not original.leading
    return original.conflict


async def test_an_original_whose_copy_tells_something_stops_and_goes_on_in_a_new_epoch(toy: Toy) -> None:
    """P4: the copy was first under the next number; readers have its event, and get the original's in the new epoch."""
    async with _publishing(toy) as original:
        await toy.publish(settled(_CUSTOMER, "A-0"))
        await toy.until("SELECT count(*) FROM effect", 1)
        await _copy_publishes(toy, first=(await records_of(toy))[-1])
        assert "restored or copied" in await _until_it_stops(original)
        await toy.publish(settled(_CUSTOMER, "A-1"))
        assert (await begin_epoch(toy)).epoch == 2
        await toy.until("SELECT count(*) FROM effect", 3)
    assert await numbers_of(toy, _CUSTOMER) == ["A-0", "COPY", "A-1"]


async def test_what_a_copy_tells_under_a_number_that_was_told_stops_readers_and_the_original(toy: Toy) -> None:
    """P4: the copy was second; its event takes no effect, and readers are led past it once the new epoch has begun."""
    async with _publishing(toy) as original:
        await toy.publish(settled(_CUSTOMER, "A-0"))
        await toy.until("SELECT count(*) FROM effect", 1)
        first = (await records_of(toy))[-1]
        await toy.publish(settled(_CUSTOMER, "A-1"))
        await toy.until("SELECT count(*) FROM effect", 2)
        await _copy_publishes(toy, first=first)
        assert "where this database has" in await _until_it_stops(original)
        await toy.until("SELECT count(*) FROM stream_position WHERE stopped_reason LIKE '%was applied there'", 1)
        await toy.publish(settled(_CUSTOMER, "A-2"))
        assert (await begin_epoch(toy)).epoch == 2
        place = (toy.topic, _NO)
        async with asyncio.timeout(60):
            while (await toy.asker.ends([place]))[place] < 4:
                await asyncio.sleep(0.05)
        await Rereading(toy.lane.begin, {toy.topic}).read_from(place, 3, actor="ops")
        await toy.until("SELECT count(*) FROM effect", 3)
    assert await numbers_of(toy, _CUSTOMER) == ["A-0", "A-1", "A-2"]


async def test_what_an_ended_epoch_tells_late_is_not_told_again_in_the_new_one(toy: Toy) -> None:
    """P4: a relay that stood still sends from memory what the new epoch is about to tell: it takes effect once."""
    await tell(toy, _CUSTOMER, ["E-0"], applied=1)
    await toy.publish(settled(_CUSTOMER, "E-1"))
    async with toy.publisher.begin() as connection:
        await stream_store.assign(connection)
        (late,) = await stream_store.unacknowledged(connection)
        await new_epoch_store.free_untold(connection, _NO, last_told=(1, 1))
        await new_epoch_store.begin_epoch(connection, _NO, 2)
    await write(toy, toy.relay().sending.record(late))
    async with _publishing(toy) as original:
        assert "ended" in await _until_it_stops(original)
        assert (await begin_epoch(toy)).to_be_told == 0
        await toy.publish(settled(_CUSTOMER, "E-2"))
        await toy.until("SELECT count(*) FROM effect", 3)
    assert await numbers_of(toy, _CUSTOMER) == ["E-0", "E-1", "E-2"]
