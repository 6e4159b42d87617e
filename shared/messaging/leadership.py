"""Lets one worker of a service lead at a time, by a lock of its session that a worker which stands still loses (P4).

Stopped by a signal or by its machine, a leader keeps its connection, and with it the lock, for as long as it sleeps.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

LEADER_LOCK = 7_301_002
AGREED_LOCK = 7_301_007
"""Held beside the other by a leader who publishes: whoever follows must not believe one who still compares."""
SILENT_SECONDS = 30
"""PostgreSQL ends the session of a leader that has said nothing for so long, and another takes over."""
SPEAK_EVERY_SECONDS = 5

_TAKE = text("SELECT pg_try_advisory_lock(:key)")
_LIMIT_SILENCE = text("SELECT set_config('idle_session_timeout', :limit, false)")
_LET_GO = text("SELECT pg_advisory_unlock_all(), set_config('idle_session_timeout', '0', false)")
_AGREED = text(
    """
    SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND (classid, objid, objsubid) = (0, :agreed, 1)
                   AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
    """
)
_SPEAK = text("SELECT 1")


@asynccontextmanager
async def leading(connection: AsyncConnection) -> AsyncIterator[bool]:
    """Try to hold the lock while the block lasts, and say whether it does; each statement must commit by itself."""
    alone = bool((await connection.execute(_TAKE, {"key": LEADER_LOCK})).scalar_one())
    try:
        if alone:
            await connection.execute(_LIMIT_SILENCE, {"limit": f"{SILENT_SECONDS}s"})
        yield alone
    finally:
        if alone:
            # The connection goes back to the pool: without this the lock would stay with it.
            with suppress(SQLAlchemyError, OSError):
                await connection.execute(_LET_GO)


async def say_agreed(connection: AsyncConnection) -> None:
    """Let others see, while this connection leads, that the topic was found to agree with the database."""
    await connection.execute(_TAKE, {"key": AGREED_LOCK})


async def leader_agreed(connection: AsyncConnection) -> bool:
    """Return whether somebody leads, and has found the topic to agree with the database."""
    return bool((await connection.execute(_AGREED, {"agreed": AGREED_LOCK})).scalar_one())


async def _say_anything(connection: AsyncConnection) -> None:
    await connection.execute(_SPEAK)


@asynccontextmanager
async def staying(
    connection: AsyncConnection, *, speak: Callable[[AsyncConnection], Awaitable[None]] = _say_anything
) -> AsyncIterator[None]:
    """Let the connection `speak` now and then while the block waits for others, and leaves it alone meanwhile.

    Raises what ended the connection once the block is over.
    """
    over = asyncio.Event()
    speaking = asyncio.create_task(_speak_until(over, connection, speak))
    try:
        yield
    finally:
        over.set()
        await asyncio.wait({speaking})
        failed = speaking.exception()
    if failed is not None:
        raise failed


async def _speak_until(
    over: asyncio.Event, connection: AsyncConnection, speak: Callable[[AsyncConnection], Awaitable[None]]
) -> None:
    while not over.is_set():
        with suppress(TimeoutError):
            async with asyncio.timeout(SPEAK_EVERY_SECONDS):
                await over.wait()
        if not over.is_set():
            await speak(connection)
