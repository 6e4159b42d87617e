"""Sees to what others left behind: attempts whose holder is gone, and what the topic told before a restore (N4)."""

import time
from collections.abc import Awaitable, Callable, Mapping

import structlog

from services.notifications.domain.message import Outcome
from services.notifications.store import attempts
from services.notifications.store.attempts import AttemptKey
from services.notifications.usecases.desk import Desk
from services.notifications.usecases.take_told import take_told
from shared.service import Context

_AT_ONCE = 64
_EVERY_SECONDS = 1.0

log = structlog.get_logger(__name__)


class Leftovers:
    """Looks at most once a second, mute or not; `settle` stores what came of attempts."""

    def __init__(
        self, context: Context, desk: Desk, settle: Callable[[Mapping[AttemptKey, Outcome]], Awaitable[None]]
    ) -> None:
        self._context = context
        self._desk = desk
        self._settle = settle
        self._look_at = 0.0

    async def look(self) -> None:
        """See to what is left, if it is time."""
        if time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + _EVERY_SECONDS
            await self._take_told()
            await self._give_up_expired()

    async def _take_told(self) -> None:
        """Follow what the topic told before a restore (faults 2.51); mostly there is nothing."""
        followed = 1
        while followed:
            async with self._context.begin() as connection:
                followed = await take_told(connection, desk=self._desk, now=self._context.clock.now())

    async def _give_up_expired(self) -> None:
        """Call unknown what a holder left open: it may have been sent, and nobody can say (faults 2.43)."""
        async with self._context.reading.connect() as connection:
            expired = await attempts.read_expired(connection, now=self._context.clock.now(), limit=_AT_ONCE)
        if expired:
            log.warning("sender.lease_expired", attempts=len(expired))
            await self._settle(dict.fromkeys(expired, Outcome(kind="unknown", answer="lease expired")))
            await self._context.wake.outbox()
