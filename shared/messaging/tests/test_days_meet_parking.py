"""Proves P5 and P6 where a day and a customer's parking meet: in two transactions, of two workers, at one moment."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from shared.ids import customer_id_of
from shared.messaging.days import Progress
from shared.messaging.kafka import Record
from shared.messaging.tests.topic import records_of
from shared.messaging.tests.toy import TODAY, YESTERDAY, Toy, customers_in, day_marker, settled

_NO = 0
_SICK, _WELL = customers_in(_NO, 2)
_FIRST = asyncio.FIRST_COMPLETED
_WAITING = "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


async def _told(toy: Toy, *events: Any, partition_no: int = _NO) -> list[Record]:
    """Return the records of events that are published and read by nobody yet."""
    async with toy.running(consumer=False):
        await toy.publish(*events)
        async with asyncio.timeout(20):
            while len(records := await records_of(toy, partition_no)) < len(events):
                await asyncio.sleep(0.1)
    return records


@asynccontextmanager
async def _half_done(toy: Toy, doing: Callable[[], Awaitable[Any]]) -> Any:
    """Let `doing` come as far as its handler, and go on when the block is over; what it gave is in the list then."""
    reached, go_on = asyncio.Event(), asyncio.Event()
    apply = toy.subscription.apply

    async def wait(*given: Any, **named: Any) -> None:
        reached.set()
        await go_on.wait()
        await apply(*given, **named)

    toy.subscription.apply = wait  # type: ignore[method-assign]
    task = asyncio.ensure_future(doing())
    await asyncio.wait({task, asyncio.ensure_future(reached.wait())}, return_when=_FIRST)
    toy.subscription.apply = apply  # type: ignore[method-assign]
    try:
        yield
    finally:
        go_on.set()
        await task


async def _take(toy: Toy, records: Sequence[Record], topic: str | None = None) -> None:
    """Let a worker apply these, as records of some topic."""
    left = list(records)
    while left:
        del left[: await toy.new_lane().take((topic or toy.topic, _NO), left)]


async def test_a_day_that_comes_during_a_release_parks_nobody_again(toy: Toy) -> None:
    """P6: who is released in the moment in which a day is noted does that day's work with all others."""
    bad, after, marker = await _told(toy, settled(_SICK, "BAD"), settled(_SICK, "after"), day_marker(TODAY, _NO))
    await _take(toy, [bad, after])
    toy.subscription.refuses = False
    async with _half_done(toy, lambda: toy.parking.release(customer_id_of(_SICK), actor="ops")):
        noting = asyncio.create_task(_take(toy, [marker]))
        await toy.until(_WAITING, expected=True)
    await noting
    assert await toy.parking.parked() == []
    async with toy.running():
        await toy.until("SELECT count(*) FROM outbox", 1)
    assert await toy.effects(_SICK) == [f"{YESTERDAY} BAD", f"{YESTERDAY} after", f"day {TODAY}"]


async def test_row_13_a_day_that_comes_while_another_worker_parks_queues_behind_the_event(toy: Toy) -> None:
    """P5, P6, faults 2.13: a rebalance gave the day's topic to another while this one is in its transaction."""
    first, second, other = await _told(toy, settled(_SICK, "S-0"), settled(_SICK, "S-1"), settled(_WELL, "W-0"))
    await _told(toy, day_marker(YESTERDAY, 1), day_marker(TODAY, 1), partition_no=1)
    yesterday, today = await records_of(toy, 1)
    await _take(toy, [yesterday], topic="days")
    await _work_day(toy)
    await _take(toy, [first])
    async with _half_done(toy, lambda: _take(toy, [replace(second, body=b"{}"), other])):
        noting = asyncio.create_task(_take(toy, [today], topic="days"))
        await asyncio.wait({noting, asyncio.create_task(toy.until(_WAITING, True))}, return_when=_FIRST)
    await noting
    await _work_day(toy)
    assert [each.day for each in await toy.parking.queue(customer_id_of(_SICK))] == [None, TODAY]
    assert await toy.effects(_WELL) == [f"{YESTERDAY} W-0", f"day {TODAY}"]


async def _work_day(toy: Toy) -> None:
    while await toy.day_work(_NO, toy.lane).chunk() is not Progress.DONE:
        await asyncio.sleep(0.05)
