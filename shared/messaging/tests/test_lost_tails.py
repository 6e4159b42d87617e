"""Proves faults 2.25: a topic made anew, or without its tail, is filled and read again; nothing takes effect twice."""

import asyncio

import pytest

from shared.messaging import new_epoch_store, topic_length
from shared.messaging.envelope import from_headers
from shared.messaging.gates import Gates
from shared.messaging.tests.topic import make_anew, numbers_of, records_of, tell, write
from shared.messaging.tests.toy import Toy, customers_in, settled

_NO = 0
_CUSTOMER = customers_in(_NO, 1)[0]


pytestmark = pytest.mark.usefixtures("impatient")


async def test_row_25_a_topic_made_anew_while_all_is_down_is_filled_again(toy: Toy) -> None:
    """Faults 2.25: no gate opens before the new topic is read, whatever the old offsets say; all flows on, once."""
    await _publish_longer_than_numbered(toy)
    gates = _gates(toy)
    await make_anew(toy)
    assert _NO not in await gates.applied_to_end(topics=["ledger"], partitions=[_NO])
    async with toy.running():
        await toy.publish(settled(_CUSTOMER, "J-4"))
        await _until_made_whole(toy, gates, effects=5)
    assert await numbers_of(toy, _CUSTOMER) == [f"J-{n}" for n in range(5)]


@pytest.mark.parametrize("looks_before_it_sends", [True, False])
async def test_row_25_a_topic_made_anew_under_running_services_is_filled_again(
    toy: Toy, monkeypatch: pytest.MonkeyPatch, *, looks_before_it_sends: bool
) -> None:
    """Faults 2.25: the relay sees it before it sends, or by where the broker put what it sent; all flows on, once."""
    await _publish_longer_than_numbered(toy)
    monkeypatch.setattr(topic_length, "LOOK_SECONDS", 0 if looks_before_it_sends else 600)
    async with toy.running():
        await toy.publish(settled(customers_in(1, 1)[0], "K-0"))
        await toy.until("SELECT count(*) FROM effect", 5)
        await make_anew(toy)
        await toy.publish(settled(_CUSTOMER, "J-4"))
        await _until_made_whole(toy, _gates(toy), effects=6)
    assert await numbers_of(toy, _CUSTOMER) == [f"J-{n}" for n in range(5)]
    if looks_before_it_sends:
        assert await _sequences(toy) == [1, 2, 3, 4, 5]


async def _publish_longer_than_numbered(toy: Toy) -> None:
    """Copies let the offsets run ahead of the numbers, so that a new topic has others."""
    await tell(toy, _CUSTOMER, ["J-0", "J-1", "J-2"], applied=3)
    await write(toy, *(await records_of(toy)))
    await tell(toy, _CUSTOMER, ["J-3"], applied=4)


def _gates(toy: Toy) -> Gates:
    return Gates(engine=toy.consumer, topic_of=lambda _: toy.topic, ends=toy.asker.ends)


async def _until_made_whole(toy: Toy, gates: Gates, *, effects: int) -> None:
    await toy.until("SELECT count(*) FROM effect", effects)
    async with asyncio.timeout(60):
        while set(await _sequences(toy)) != {1, 2, 3, 4, 5}:
            await asyncio.sleep(0.1)
        while _NO not in await gates.applied_to_end(topics=["ledger"], partitions=[_NO]):
            await asyncio.sleep(0.1)


async def _sequences(toy: Toy) -> list[int]:
    return [from_headers(record.headers).sequence for record in await records_of(toy)]


async def test_row_25_a_tail_lost_after_a_new_epoch_stops_nobody(toy: Toy) -> None:
    """Faults 2.25, P4: readers begin again where their epoch does, not with those that were given up before it."""
    await tell(toy, _CUSTOMER, ["L-0", "L-1"], applied=2)
    async with toy.publisher.begin() as connection:
        await new_epoch_store.begin_epoch(connection, _NO, 2)
    await tell(toy, _CUSTOMER, ["L-2", "L-3"], applied=4)
    kept = (await records_of(toy))[:3]
    await make_anew(toy)
    await write(toy, *kept)
    async with toy.running(relay=False):
        await toy.until(f"SELECT next_offset FROM stream_position WHERE partition_no = {_NO}", 3)
    async with toy.running():
        await toy.publish(settled(_CUSTOMER, "L-4"))
        await toy.until("SELECT count(*) FROM effect", 5)
    assert await numbers_of(toy, _CUSTOMER) == [f"L-{n}" for n in range(5)]
    assert (await toy.ask("SELECT count(*) FROM stream_position WHERE stopped_reason IS NOT NULL"))[0][0] == 0
