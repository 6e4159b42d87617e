"""Two workers of one service share its partitions, take over from each other, and do nothing twice."""

import asyncio
import signal

import asyncpg
import pytest

from tests.faults.house import House
from tests.faults.more_workers import second_worker
from tests.faults.trade import Trade, goes_on

pytestmark = [
    pytest.mark.asyncio(loop_scope="package"),
    pytest.mark.timeout(600),
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
    await goes_on(house, trade)


@pytest.mark.minutes
@pytest.mark.timeout(600)
async def test_row_13_a_worker_stopped_while_it_holds_its_locks_loses_them(house: House, trade: Trade) -> None:
    """Row 13: another takes over, and works once PostgreSQL has ended the idle transaction."""
    stopping = asyncio.create_task(_stop_inside_a_transaction(house))
    trading = asyncio.create_task(trade.run(days=1))
    while not stopping.done():
        await asyncio.wait([stopping, trading], return_when=asyncio.FIRST_COMPLETED)
        if trading.done():
            await trading
            trading = asyncio.create_task(trade.run(days=1))
    session = await stopping
    async with second_worker(house, "collections"):
        await trading
        assert session not in await _sessions(house), "the server ended it"
        house.send_signal("collections-worker", signal.SIGCONT)
        await trade.run(days=1)
    await goes_on(house, trade)


async def _stop_inside_a_transaction(house: House) -> int:
    """Return the session in which the worker of collections stands still between a write and its commit."""
    while True:
        house.send_signal("collections-worker", signal.SIGSTOP)
        await asyncio.sleep(0.1)
        if held := await _sessions(house, " AND state = 'idle in transaction' AND backend_xid IS NOT NULL"):
            return held[0]
        house.send_signal("collections-worker", signal.SIGCONT)
        await asyncio.sleep(0.05)


async def _sessions(house: House, which: str = "") -> list[int]:
    connection = await asyncpg.connect(house.stack.database_url("collections").replace("+asyncpg", ""))
    try:
        return [row["pid"] for row in await connection.fetch(_SESSIONS + which)]
    finally:
        await connection.close()


_SESSIONS = """
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'collections-worker'
"""
