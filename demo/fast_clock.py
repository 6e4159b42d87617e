"""Turns the fast clock by one day, and waits until every service has ended it and heard what the others said of it."""

import asyncio
import time
from datetime import date

from dueflow_client import Dueflow

from demo.metrics import WorkerMetrics

_POLL_SECONDS = 0.03
_LONGEST_DAY_SECONDS = 120
_WAIT_SECONDS = 20
_HEARD_WITHIN_SECONDS = 5
# What these readers hear of these publishers changes what people find the next morning.
_HEARD = (("collections", "notifications"), ("ledger", "collections"))


class DayStuckError(Exception):
    """A service has not ended the day in time."""


class FastClock:
    """The clock of an installation; with `metrics` a day also waits for what is still under way between services."""

    def __init__(self, dueflow: Dueflow, metrics: WorkerMetrics | None = None) -> None:
        self._dueflow = dueflow
        self._metrics = metrics

    async def turn_to(self, day: date) -> int:
        """Open `day`, return when all services have worked it: how many instalments became overdue with it."""
        give_up_at = time.monotonic() + _LONGEST_DAY_SECONDS
        await self._dueflow.ledger.open_day(day)
        while not (state := await self._dueflow.ledger.day(day, wait_seconds=_WAIT_SECONDS))["complete"]:
            if time.monotonic() > give_up_at:
                raise DayStuckError(f"{day} is {state['state']}; partitions that ended it: {state['worked']}")
        if self._metrics is not None:
            await self._wait_until_heard(self._metrics)
        return int(state["overdue"])

    async def _wait_until_heard(self, metrics: WorkerMetrics) -> None:
        """Return when it is heard; counters start anew with a worker, so that after a crash only time can tell."""
        give_up_at = time.monotonic() + _HEARD_WITHIN_SECONDS
        for reader, publisher in _HEARD:
            while not await metrics.has_heard(reader, publisher) and time.monotonic() < give_up_at:
                await asyncio.sleep(_POLL_SECONDS)
