"""Two workers of one service share its partitions, take over from each other, and do nothing twice."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from deploy.local.ports import free_port
from deploy.local.supervised import Supervised
from tests.faults.house import House
from tests.faults.trade import Trade

pytestmark = [
    pytest.mark.asyncio(loop_scope="package"),
    pytest.mark.timeout(300),
    pytest.mark.slow,
]
_TAKEN_OVER_SECONDS = 14
"""A little over the ten seconds after which Kafka gives up a member that is silent."""


@asynccontextmanager
async def _second_worker(house: House, service: str) -> AsyncIterator[Supervised]:
    first = house.stack.process(f"{service}-worker")
    port = free_port()
    second = Supervised(
        f"{service}-worker-2",
        [sys.executable, "-m", f"services.{service}.main", "worker"],
        environment={**first.environment, "DUEFLOW_WORKER_PORT": str(port)},
        log=house.stack.root / "logs" / f"{service}-worker-2.log",
        url=f"http://127.0.0.1:{port}",
        tell=print,
    )
    second.start()
    try:
        await second.wait_ready()
        yield second
    finally:
        await second.stop()


async def test_a_worker_that_was_stopped_and_comes_back_repeats_nothing(house: House, trade: Trade) -> None:
    """Rows 11 and 13, P4: one joins, the other is frozen until it is given up, wakes up late, and one leaves."""
    async with _second_worker(house, "collections"):
        await trade.run(days=1)
        house.send_signal("collections-worker", signal.SIGSTOP)
        trading = asyncio.create_task(trade.run(days=2))
        await asyncio.sleep(_TAKEN_OVER_SECONDS)
        house.send_signal("collections-worker", signal.SIGCONT)
        await trading
    await trade.run(days=1)
    await house.check()
    await trade.kept(house.stack.database_url("ledger"))
