"""Reads and writes the dates that the core keeps of customers and partitions."""

from collections.abc import Collection, Mapping
from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_DAYS = text("SELECT partition_no, day FROM day_seen WHERE partition_no = ANY(CAST(:partitions AS smallint[]))")
_LATEST = text("SELECT max(day) FROM day_seen")


async def days_seen(connection: AsyncConnection, partitions: Collection[int]) -> Mapping[int, date]:
    """Return the latest business date that was read in each of the partitions."""
    rows = await connection.execute(_DAYS, {"partitions": sorted(partitions)})
    return {row.partition_no: row.day for row in rows if row.day is not None}


async def latest_day(connection: AsyncConnection) -> date | None:
    """Return the latest business date that was read in any partition."""
    day: date | None = (await connection.execute(_LATEST)).scalar_one()
    return day
