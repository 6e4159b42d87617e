"""Turns the fast clock by one day, and waits until every service has ended it."""

import asyncio
import time
from datetime import date

from dueflow_client import Dueflow

_POLL_SECONDS = 0.02
_LONGEST_DAY_SECONDS = 120


class DayStuckError(Exception):
    """A service has not ended the day in time."""


async def turn_to(dueflow: Dueflow, day: date) -> int:
    """Open `day`, wait until all services have worked it, and return how many instalments became overdue with it."""
    await dueflow.ledger.open_day(day)
    give_up_at = time.monotonic() + _LONGEST_DAY_SECONDS
    while True:
        state = await dueflow.ledger.day(day)
        if state["complete"]:
            return int(state["overdue"])
        if time.monotonic() > give_up_at:
            raise DayStuckError(f"{day} is {state['state']}; partitions that ended it: {state['worked']}")
        await asyncio.sleep(_POLL_SECONDS)
