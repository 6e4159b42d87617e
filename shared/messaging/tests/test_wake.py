"""Proves that a notification reaches another process at once, whenever that one began to wait for it."""

import asyncio
import time

from shared.messaging.wake import Wake
from tests.databases import FreshDatabase


async def test_a_channel_that_is_waited_on_after_connecting_is_heard_too(fresh_database: FreshDatabase) -> None:
    """The relay and the opener of days first wait long after their process has connected; polls are only the net."""
    url = await fresh_database()
    here, there = Wake(url), Wake(url)
    here.on("early")
    listening = asyncio.create_task(here.listen())
    await _heard(here, there, "early")
    await asyncio.sleep(0.2)  # what comes with connecting is over
    await _heard(here, there, "late")
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await there.close()


async def _heard(here: Wake, there: Wake, channel: str) -> None:
    """Wait until a notification from the other process ends a wait that would have lasted much longer."""
    started = time.monotonic()
    waiting = asyncio.create_task(here.wait(channel, seconds=120))
    while not waiting.done():
        await there.notify(channel)
        await asyncio.sleep(0.05)
    assert time.monotonic() - started < 60
