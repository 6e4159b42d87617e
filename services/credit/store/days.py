"""Reads the business days that have reached this service."""

from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_NEWEST = text("SELECT max(day) FROM day_seen")


async def newest_day(connection: AsyncConnection) -> date | None:
    """Return the newest business date seen in any partition, for facts that belong to no customer."""
    day: date | None = (await connection.execute(_NEWEST)).scalar_one()
    return day
