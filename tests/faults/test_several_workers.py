"""Two workers of one service share its partitions, take over from each other, and do nothing twice."""

import asyncio
import signal

import pytest

from tests.faults.house import House
from tests.faults.more_workers import second_worker
from tests.faults.trade import Trade

pytestmark = [
    pytest.mark.asyncio(loop_scope="package"),
    pytest.mark.timeout(300),
    pytest.mark.slow,
]
_TAKEN_OVER_SECONDS = 14
"""A little over the ten seconds after which Kafka gives up a member that is silent."""


async def test_rows_11_and_13_a_worker_that_was_frozen_and_wakes_up_repeats_nothing(house: House, trade: Trade) -> None:
    """Rows 11 and 13, P4: one joins, the other is frozen until it is given up, wakes up late, and one leaves."""
    async with second_worker(house, "collections"):
        await trade.run(days=1)
        house.send_signal("collections-worker", signal.SIGSTOP)
        trading = asyncio.create_task(trade.run(days=2))
        await asyncio.sleep(_TAKEN_OVER_SECONDS)
        house.send_signal("collections-worker", signal.SIGCONT)
        await trading
    await trade.run(days=1)
    await house.check()
    await trade.kept(house.stack.database_url("ledger"))
