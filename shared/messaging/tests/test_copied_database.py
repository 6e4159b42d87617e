"""Proves P4 where a copy of the database publishes beside the original: both stop, and one goes on in a new epoch."""

import asyncio
from dataclasses import replace

import pytest

from shared.ids import new_id
from shared.messaging import consumer, relay
from shared.messaging.envelope import from_headers
from shared.messaging.kafka import Record, StreamProducer
from shared.messaging.own_stream import OwnStream
from shared.messaging.relay import Relay
from shared.messaging.rereading import Rereading
from shared.messaging.tests.toy import Toy, customers_in, settled
from shared.messaging.topic_reader import TopicReader

_NO = 0
_CUSTOMER = customers_in(_NO, 1)[0]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever looks now and then looks often."""
    monkeypatch.setattr(relay, "RETRY_SECONDS", 0.2)
    monkeypatch.setattr(consumer, "LOOK_AGAIN_SECONDS", 0.2)


async def _last_record(toy: Toy) -> Record:
    reader = TopicReader(toy.bootstrap, toy.topic)
    await reader.start()
    [*_, last] = (await reader.read_to_end())[toy.topic, _NO]
    await reader.close()
    return last


async def _copy_publishes(toy: Toy, *, under: int, behind: Record) -> None:
    """Let a copy tell an event of its own under this number, behind what both have in common."""
    previous = str(from_headers(behind.headers).event_id)
    told = {"ce_id": str(new_id()), "ce_sequence": str(under), "ce_previousid": previous}
    headers = [(name, told.get(name, was.decode()).encode()) for name, was in behind.headers if name != "ce_previousid"]
    headers += [] if under == 1 else [("ce_previousid", previous.encode())]
    producer = StreamProducer(toy.bootstrap, client="copy")
    await producer.start()
    await producer.send([replace(behind, headers=headers, body=_body_of(behind, "COPY"))])
    await producer.drop()


def _body_of(record: Record, number: str) -> bytes:
    told = (record.body or b"").decode()
    return told.replace('"number":"A-0"', f'"number":"{number}"').encode()


async def _until_it_stops(original: Relay) -> str:
    async with asyncio.timeout(20):
        while original.conflict is None:
            await asyncio.sleep(0.05)
    assert not original.leading
    return original.conflict


async def _begin_epoch(toy: Toy) -> None:
    own = OwnStream(toy.publisher.begin, toy.bootstrap, toy.topic, toy.wake.outbox)
    (begun,), _ = await own.begin_epoch(actor="ops")
    assert begun.epoch == 2


async def test_an_original_whose_copy_tells_something_stops_and_goes_on_in_a_new_epoch(toy: Toy) -> None:
    """P4: the copy was first under the next number; readers have its event, and get the original's in the new epoch."""
    original = toy.relay()
    running = asyncio.create_task(original.run())
    try:
        async with toy.running(relay=False):
            await toy.publish(settled(_CUSTOMER, "A-0"))
            await toy.until("SELECT count(*) FROM effect", 1)
            await _copy_publishes(toy, under=2, behind=await _last_record(toy))
            assert "restored or copied" in await _until_it_stops(original)
            await toy.publish(settled(_CUSTOMER, "A-1"))
            await _begin_epoch(toy)
            await toy.until("SELECT count(*) FROM effect", 3)
    finally:
        running.cancel()
    assert [each.split()[-1] for each in await toy.effects(_CUSTOMER)] == ["A-0", "COPY", "A-1"]


async def test_what_a_copy_tells_under_a_number_that_was_told_stops_readers_and_the_original(toy: Toy) -> None:
    """P4: the copy was second; its event takes no effect, and readers are led past it once the new epoch has begun."""
    original = toy.relay()
    running = asyncio.create_task(original.run())
    try:
        async with toy.running(relay=False):
            await toy.publish(settled(_CUSTOMER, "A-0"))
            await toy.until("SELECT count(*) FROM effect", 1)
            first = await _last_record(toy)
            await toy.publish(settled(_CUSTOMER, "A-1"))
            await toy.until("SELECT count(*) FROM effect", 2)
            await _copy_publishes(toy, under=2, behind=first)
            assert "where this database has" in await _until_it_stops(original)
            await toy.until("SELECT count(*) FROM stream_position WHERE stopped_reason LIKE '%was applied there'", 1)
            await toy.publish(settled(_CUSTOMER, "A-2"))
            await _begin_epoch(toy)
            place = (toy.topic, _NO)
            async with asyncio.timeout(20):
                while (await toy.asker.ends([place]))[place] < 4:
                    await asyncio.sleep(0.05)
            await Rereading(toy.lane.begin, {toy.topic}).read_from(place, 3, actor="ops")
            await toy.until("SELECT count(*) FROM effect", 3)
    finally:
        running.cancel()
    assert [each.split()[-1] for each in await toy.effects(_CUSTOMER)] == ["A-0", "A-1", "A-2"]
