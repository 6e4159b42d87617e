"""Proves P4: an outbox row is deleted when the broker has had it for 14 days, however long ago it was recorded."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from shared.messaging import pruning, stream_store
from shared.messaging.outgoing import Outgoing
from shared.messaging.tests.topic import (
    back_up,
    begin_epoch,
    make_anew,
    numbers_of,
    restore,
    tell,
    until_acknowledged,
)
from shared.messaging.tests.toy import Toy, customers_in, settled

_NO = 0
_CUSTOMER = customers_in(_NO, 1)[0]
_PASS_DAYS = text("UPDATE acknowledged_mark SET noted_at = noted_at - make_interval(days => :days)")

pytestmark = pytest.mark.usefixtures("impatient")


def _old(number: str) -> Outgoing:
    """Return an event that was recorded 20 days ago."""
    event = settled(_CUSTOMER, number)
    return replace(event, cause=replace(event.cause, recorded_at=event.cause.recorded_at - timedelta(days=20)))


async def test_row_25_what_waited_for_kafka_for_weeks_is_kept_once_it_is_told(toy: Toy) -> None:
    """P4, faults 2.25: the broker loses it again the next hour, before anybody has read it."""
    await toy.publish(*(_old(f"A-{n}") for n in range(3)))
    async with toy.running(consumer=False):
        await until_acknowledged(toy, 3)
        await toy.publish(_old("A-3"))
        await until_acknowledged(toy, 4)
    await make_anew(toy)
    async with toy.running():
        await toy.until("SELECT count(*) FROM effect", 4)
    assert await numbers_of(toy, _CUSTOMER) == [f"A-{n}" for n in range(4)]


async def test_row_51_what_an_old_backup_takes_over_is_kept_until_it_is_made_again(toy: Toy) -> None:
    """P4, faults 2.51: told weeks ago, it would be told a second time if nobody remembered it."""
    await tell(toy, _CUSTOMER, ["B-0"], applied=1)
    await back_up(toy)
    lost = [_old("B-1"), _old("B-2")]
    async with toy.running():
        await toy.publish(*lost)
        await toy.until("SELECT count(*) FROM effect", 3)
    await restore(toy)
    await toy.publish(settled(_CUSTOMER, "B-3"))
    assert (await begin_epoch(toy)).taken_over == 2
    await tell(toy, _CUSTOMER, ["B-4"], applied=5)
    await toy.publish(*lost)
    await tell(toy, _CUSTOMER, ["B-5"], applied=6)
    assert await numbers_of(toy, _CUSTOMER) == [f"B-{n}" for n in range(6)]


async def test_the_outbox_is_pruned_a_part_at_a_time_from_the_oldest_on(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P4: only what the broker has had for long, never the last of that, and however much, each statement is short."""
    monkeypatch.setattr(pruning, "PRUNE_LIMIT", 4)
    await tell(toy, _CUSTOMER, [f"G-{n}" for n in range(10)], applied=10)
    async with toy.publisher.begin() as connection:
        await connection.execute(text("DELETE FROM acknowledged_mark"))
        for days in (0, 13):
            await connection.execute(_PASS_DAYS, {"days": days})
            assert await pruning.prune(connection) is False
    assert len(await _kept(toy)) == 10
    async with toy.publisher.begin() as connection:
        await connection.execute(_PASS_DAYS, {"days": 1})
        rounds = [await pruning.prune(connection) for _ in range(4)]
        await connection.execute(_PASS_DAYS, {"days": 13})
        await pruning.prune(connection)
        marks = await connection.scalar(text(f"SELECT count(*) FROM acknowledged_mark WHERE partition_no = {_NO}"))
    assert rounds == [True, True, False, False]
    assert (await _kept(toy), marks) == (["G-9"], 3)


@pytest.mark.parametrize("sent_again", [True, False], ids=["by-command", "after-a-lost-tail"])
async def test_what_was_sent_again_is_kept_for_as_long_again(toy: Toy, *, sent_again: bool) -> None:
    """P4, faults 2.25: the broker has it since then only."""
    await tell(toy, _CUSTOMER, [f"H-{n}" for n in range(4)], applied=4)
    async with toy.publisher.begin() as connection:
        await pruning.prune(connection)
        await connection.execute(_PASS_DAYS, {"days": 14})
        if sent_again:
            assert await stream_store.send_again(connection, _NO, 3) == 2
        else:
            await stream_store.send_behind(connection, {_NO: 2})
    await tell(toy, _CUSTOMER, ["H-4"], applied=5)
    assert await _kept(toy) == ["H-1", "H-2", "H-3", "H-4"]


async def _kept(toy: Toy) -> list[str]:
    async with toy.publisher.connect() as connection:
        return list((await connection.execute(text("SELECT subject FROM outbox ORDER BY id"))).scalars())
