"""Turns the fast clock by one day, and waits until every service has ended it and all have heard of all."""

import asyncio
import time
from datetime import date

from dueflow_client import Dueflow

from demo.metrics import StackMetrics

_POLL_SECONDS = 0.03
_LONGEST_DAY_SECONDS = 120
_WAIT_SECONDS = 20
_QUIET_WITHIN_SECONDS = 10


class DayStuckError(Exception):
    """A service has not ended the day in time."""


class FastClock:
    """The clock of an installation; with `metrics` a day also waits for what is still under way between services."""

    def __init__(self, dueflow: Dueflow, metrics: StackMetrics | None = None) -> None:
        self._dueflow = dueflow
        self._metrics = metrics

    async def turn_to(self, day: date) -> int:
        """Open `day`, return when all services have worked it: how many instalments became overdue with it."""
        # A day's marker may overtake what credit makes of the facts before it: a light that turns is heard first.
        await self.until_quiet()
        give_up_at = time.monotonic() + _LONGEST_DAY_SECONDS
        await self._dueflow.ledger.open_day(day)
        while not (state := await self._dueflow.ledger.day(day, wait_seconds=_WAIT_SECONDS))["complete"]:
            if time.monotonic() > give_up_at:
                raise DayStuckError(f"{day} is {state['state']}; partitions that ended it: {state['worked']}")
        await self.until_quiet()
        return int(state["overdue"])

    async def until_quiet(self) -> None:
        """Return when nothing is under way between services, so that what follows finds the same on any machine.

        Counters start anew with a process: after a crash nothing is known any more, and it returns at once.
        """
        give_up_at = time.monotonic() + _QUIET_WITHIN_SECONDS
        while self._metrics is not None and not await self._metrics.is_quiet():
            if time.monotonic() > give_up_at:
                self._metrics = None
            await asyncio.sleep(_POLL_SECONDS)
