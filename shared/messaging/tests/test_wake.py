"""Proves that background work is woken across processes, whoever came first (L7, P4)."""

import asyncio
from contextlib import suppress

from shared.messaging.wake import Wake
from tests.databases import FreshDatabase


async def test_a_waiter_that_comes_after_the_listener_is_woken_by_another_process(
    fresh_database: FreshDatabase,
) -> None:
    """L7: a day asked for at the API wakes the worker at once, not at its next poll."""
    url = await fresh_database()
    worker, api = Wake(url), Wake(url)
    listening = asyncio.create_task(worker.listen())
    await asyncio.sleep(0.5)
    waiting = asyncio.create_task(worker.wait("day", seconds=30))
    await asyncio.sleep(0.1)
    await api.notify("day")
    await asyncio.wait_for(waiting, timeout=5)
    listening.cancel()
    with suppress(asyncio.CancelledError):
        await listening
    await api.close()
