"""Reads the business days that have reached this service."""

from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_OF_PARTITION = text("SELECT day FROM day_seen WHERE partition_no = :partition_no")
_NEWEST = text("SELECT max(day) FROM day_seen")


async def newest_day(connection: AsyncConnection) -> date | None:
    """Return the newest business date seen in any partition, for facts that belong to no customer."""
    day: date | None = (await connection.execute(_NEWEST)).scalar_one()
    return day


async def day_of(connection: AsyncConnection, partition_no: int) -> date | None:
    """Return the newest business date seen in one partition, in which its customers live."""
    day: date | None = (await connection.execute(_OF_PARTITION, {"partition_no": partition_no})).scalar_one_or_none()
    return day
