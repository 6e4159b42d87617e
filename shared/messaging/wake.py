"""Wakes background work the moment there is something to do: NOTIFY after the commit, a slow poll as the net.

NOTIFY inside a transaction would queue all commits of the cluster behind one another, so it is always sent on its own.
"""

import asyncio
from collections import defaultdict
from contextlib import suppress

import asyncpg
import structlog
from sqlalchemy.engine import make_url

OUTBOX = "outbox"
RECONNECT_SECONDS = 2
# One channel of PostgreSQL carries all of ours as payload, so that a waiter may come after the listener.
_CHANNEL = "dueflow"

log = structlog.get_logger(__name__)


class Wake:
    """Channels between the processes of one service; a notification is only ever a hint."""

    def __init__(self, database_url: str) -> None:
        self._dsn = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._events: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._connection: asyncpg.Connection | None = None
        self._asked: set[str] = set()
        self._sending: asyncio.Task[None] | None = None

    def on(self, channel: str) -> asyncio.Event:
        """Return the event that is set by each notification on `channel`; the waiter clears it."""
        return self._events[channel]

    async def outbox(self) -> None:
        """Say that there are new rows in the outbox."""
        await self.notify(OUTBOX)

    async def notify(self, channel: str) -> None:
        """Wake whoever waits on `channel`, here at once and in other processes soon; never fails, never waits."""
        self._events[channel].set()
        self._asked.add(channel)
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send())

    async def wait(self, channel: str, *, seconds: float) -> None:
        """Return when `channel` is notified, or after `seconds`."""
        event = self._events[channel]
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await event.wait()
        event.clear()

    async def listen(self) -> None:
        """Pass on notifications of other processes, for ever; reconnects by itself."""
        while True:
            try:
                await self._listen_once()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("wake.disconnected", reason=type(error).__name__)
            await asyncio.sleep(RECONNECT_SECONDS)

    async def close(self) -> None:
        """Finish the notification that is under way, and disconnect."""
        if self._sending is not None:
            await self._sending
        if self._connection is not None:
            await self._connection.close(timeout=RECONNECT_SECONDS)

    async def _send(self) -> None:
        # Requests that arrive while one notification is under way share the next.
        while self._asked:
            channels, self._asked = sorted(self._asked), set()
            try:
                if self._connection is None or self._connection.is_closed():
                    self._connection = await asyncpg.connect(self._dsn, timeout=RECONNECT_SECONDS)
                for channel in channels:
                    await self._connection.execute(
                        "SELECT pg_notify($1, $2)", _CHANNEL, channel, timeout=RECONNECT_SECONDS
                    )
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("wake.not_sent", channels=channels, reason=type(error).__name__)

    async def _listen_once(self) -> None:
        connection = await asyncpg.connect(self._dsn, timeout=RECONNECT_SECONDS)
        closed = asyncio.Event()
        connection.add_termination_listener(lambda _: closed.set())
        try:
            await connection.add_listener(_CHANNEL, self._heard)
            for event in self._events.values():
                event.set()
            await closed.wait()
        finally:
            with suppress(Exception):
                await connection.close(timeout=RECONNECT_SECONDS)

    def _heard(self, _connection: object, _pid: int, _channel: str, payload: str) -> None:
        self._events[payload].set()
