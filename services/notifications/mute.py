"""Keeps the sender silent after a restore, until a person lets it go on (N4)."""

import structlog
from prometheus_client import Gauge
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.store.sending import Server, server_of
from services.notifications.usecases.desk import Desk
from services.notifications.usecases.mute_sending import (
    GIVEN_UP_AT_ONCE,
    WAY_OUT,
    give_up_open,
    mute_sending,
    reason_to_be_mute,
)
from shared.service import Context

MUTED = Gauge("dueflow_sending_muted", "1 while nothing is sent until a person lets it go on")

log = structlog.get_logger(__name__)


class ServerChanged(ConnectionError):
    """A connection leads to another server, or history, than the one that was looked at: look again before sending."""


class Mute:
    """What one sender knows of whether it may send."""

    def __init__(self, context: Context, desk: Desk) -> None:
        self._context = context
        self._desk = desk
        self._reason: str | None = None
        self._server: Server | None = None

    async def holds(self) -> bool:
        """Look whether this is still the server, and the history, that was sent from; fall silent where it is not."""
        agrees = self._context.agrees()
        async with self._context.reading.connect() as connection:
            reason = await reason_to_be_mute(connection, conflict=agrees is False)
            self._server = await server_of(connection)
        if reason is not None and reason != self._reason:
            reason = await self._fall_silent(conflict=agrees is False)
        self._reason = reason
        MUTED.set(reason is not None)
        return reason is not None or agrees is None

    async def check(self, connection: AsyncConnection) -> None:
        """Raise ServerChanged where a claim would be stored elsewhere than was looked."""
        if self._server not in (None, await server_of(connection)):
            msg = "the database is another since it was looked whether messages may be sent"
            raise ServerChanged(msg)

    async def _fall_silent(self, *, conflict: bool) -> str | None:
        """Mute, then give up whatever is claimed, some hundred at a time; a crash in between begins here again."""
        unknown, at = 0, self._context.clock.now()
        async with self._context.begin() as connection:
            reason = await mute_sending(connection, conflict=conflict, now=at)
        given_up = 0 if reason is None else GIVEN_UP_AT_ONCE
        while given_up == GIVEN_UP_AT_ONCE:
            async with self._context.begin() as connection:
                given_up = await give_up_open(connection, desk=self._desk, now=at)
            unknown += given_up
        await self._context.wake.outbox()
        if reason is not None:
            log.error("sender.mute", reason=f"{reason}. {WAY_OUT}", unknown=unknown)
        return reason
