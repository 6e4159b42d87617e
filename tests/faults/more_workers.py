"""Second workers of the house's services, which share the partitions with the first."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from deploy.local.ports import free_port
from deploy.local.supervised import Supervised
from tests.faults.house import House


@asynccontextmanager
async def second_worker(house: House, service: str) -> AsyncIterator[Supervised]:
    """Start `<service>-worker-2`, look after it as after the others, and end it afterwards."""
    second = _prepare(house, service)
    second.start()
    watching = asyncio.create_task(second.watch())
    house.stack.processes.append(second)
    try:
        await second.wait_ready()
        yield second
    finally:
        house.stack.processes.remove(second)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await second.stop()


def _prepare(house: House, service: str) -> Supervised:
    first = house.stack.process(f"{service}-worker")
    port = free_port()
    return Supervised(
        f"{service}-worker-2",
        [sys.executable, "-m", f"services.{service}.main", "worker"],
        environment={**first.environment, "DUEFLOW_WORKER_PORT": str(port)},
        log=house.stack.root / "logs" / f"{service}-worker-2.log",
        url=f"http://127.0.0.1:{port}",
        tell=print,
    )
