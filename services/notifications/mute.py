"""Keeps the sender silent after a restore, until a person lets it go on (N4)."""

import structlog
from prometheus_client import Gauge

from services.notifications.usecases.desk import Desk
from services.notifications.usecases.mute_sending import WAY_OUT, mute_sending, reason_to_be_mute
from shared.service import Context

MUTED = Gauge("dueflow_sending_muted", "1 while nothing is sent until a person lets it go on")

log = structlog.get_logger(__name__)


class Mute:
    """What one sender knows of whether it may send."""

    def __init__(self, context: Context, desk: Desk) -> None:
        self._context = context
        self._desk = desk
        self._reason: str | None = None

    async def holds(self) -> bool:
        """Look whether this is still the server, and the history, that was sent from; fall silent where it is not."""
        agrees = self._context.agrees()
        async with self._context.reading.connect() as connection:
            reason = await reason_to_be_mute(connection, conflict=agrees is False)
        if reason is not None and reason != self._reason:
            async with self._context.begin() as connection:
                at = self._context.clock.now()
                unknown = await mute_sending(connection, reason=reason, desk=self._desk, now=at)
            await self._context.wake.outbox()
            log.error("sender.mute", reason=f"{reason}. {WAY_OUT}", unknown=unknown)
        self._reason = reason
        MUTED.set(reason is not None)
        return reason is not None or agrees is None
