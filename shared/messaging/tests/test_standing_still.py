"""Proves that whoever cannot go on says so, once, and that nobody says so for partitions that others hold (P10)."""

import asyncio
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text

from shared.contracts.ledger import BusinessDayReached
from shared.messaging import metrics
from shared.messaging.tests.toy import TODAY, Toy, customers_in, day_marker, settled

_NO = 0
_CUSTOMER = customers_in(_NO, 1)[0]


pytestmark = pytest.mark.usefixtures("impatient")


def _failing() -> float | None:
    return REGISTRY.get_sample_value("dueflow_partition_failing_seconds", {"partition": str(_NO)})


async def test_row_17_a_handler_that_fails_again_and_again_raises_an_alarm(toy: Toy) -> None:
    """Faults 2.17: no event is bad by itself where the service has a mistake: it waits, and a figure says how long."""
    apply = toy.subscription.apply

    async def mistaken(*_: Any, **__: Any) -> None:
        msg = "a mistake of ours"
        raise RuntimeError(msg)

    toy.subscription.apply = mistaken  # type: ignore[method-assign]
    async with toy.running():
        await toy.publish(settled(_CUSTOMER, "A-0"))
        async with asyncio.timeout(60):
            while not (_failing() or 0) > 0.5:
                await asyncio.sleep(0.05)
        toy.subscription.apply = apply  # type: ignore[method-assign]
        await toy.until("SELECT count(*) FROM effect", 1)
        async with asyncio.timeout(60):
            while _failing() != 0:
                await asyncio.sleep(0.05)


async def test_a_marker_that_nobody_can_read_stops_its_partition_and_says_why(toy: Toy) -> None:
    """Faults 2.18, P5: nobody can queue behind a day, so it is no customer's to be parked with: people are told."""
    await toy.publish(day_marker(TODAY, _NO))
    async with toy.publisher.begin() as connection:
        await connection.execute(text("UPDATE outbox SET body = '{}'"))
    async with toy.running():
        await toy.until(
            f"SELECT count(*) FROM stream_position WHERE stopped_reason LIKE '%{BusinessDayReached.wire}%'", 1
        )


async def test_row_13_who_wakes_up_late_stops_nothing_that_was_led_on(toy: Toy) -> None:
    """Faults 2.13: it saw a hole, slept, and another has applied what was missing meanwhile."""
    async with toy.running():
        await toy.publish(settled(_CUSTOMER, "B-0"))
        await toy.until("SELECT count(*) FROM effect", 1)
    place = (toy.topic, _NO)
    assert not await toy.lane.stop(place, "a hole that is no more", at=0)
    assert (await toy.ask("SELECT count(*) FROM stream_position WHERE stopped_reason IS NOT NULL"))[0][0] == 0
    assert await toy.lane.stop(place, "a hole", at=1)


class _Assigned:
    """A client of which a rebalance takes everything away."""

    def __init__(self, *held: tuple[str, int]) -> None:
        self.held = frozenset(held)

    def assigned(self) -> frozenset[tuple[str, int]]:
        return self.held

    def seek(self, place: tuple[str, int], offset: int) -> None:
        assert (place in self.held, offset) == (True, 0)


async def test_row_11_what_another_worker_holds_is_shown_by_that_one_only(toy: Toy) -> None:
    """Faults 2.11, P10: a lag or a stop that was true when a partition was lost would be an alarm for ever."""
    place = (toy.topic, _NO)
    reader: Any = toy.consume()
    client = _Assigned(place)
    await reader._follow_assignment(client)  # noqa: SLF001 - what the loop does at each turn
    metrics.lag.labels(*place).set(5000)
    metrics.stopped.labels(*place).set(1)
    client.held = frozenset()
    await reader._follow_assignment(client)  # noqa: SLF001 - what the loop does at each turn
    for name in ("dueflow_consumer_lag_records", "dueflow_partition_stopped"):
        assert REGISTRY.get_sample_value(name, {"topic": place[0], "partition": str(place[1])}) is None
