"""Says which day's work must have begun before anything is sent: today's, so that catching up sends nothing."""

from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.store.creditors import read_zones
from shared.clock import civil_date


async def day_to_be_reached(connection: AsyncConnection, *, fast_clock: bool, now: datetime) -> date:
    """Return the day that the ledger opens at `now`: the date where it has come first among the creditors.

    While missed days are worked one by one, collections still supersedes what an earlier one planned: only the highest
    step's message is to go (K2, faults 2.37). Under the fast clock the day is what the partition works.
    """
    if fast_clock:
        return date.min
    zones = await read_zones(connection) or {"UTC"}
    return max(civil_date(now, zone) for zone in zones)
