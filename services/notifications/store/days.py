"""Which business day each partition has seen, and which it works."""

from collections.abc import Collection
from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_WORKED = text(
    """
    SELECT partition_no, work_day FROM day_seen
    WHERE partition_no = ANY(CAST(:partitions AS smallint[])) AND work_day IS NOT NULL
    """
)
_SEEN = text(
    "SELECT partition_no, coalesce(day, work_day) AS day FROM day_seen "
    "WHERE partition_no = ANY(CAST(:partitions AS smallint[]))"
)


async def read_work_days(connection: AsyncConnection, *, partitions: Collection[int]) -> dict[int, date]:
    """Return the business day that each partition works or worked last: collections has ended it."""
    rows = await connection.execute(_WORKED, {"partitions": sorted(partitions)})
    return {row.partition_no: row.work_day for row in rows}


async def read_days_seen(connection: AsyncConnection, *, partitions: Collection[int]) -> dict[int, date]:
    """Return the latest business day that each partition has heard of: what requests call today."""
    rows = await connection.execute(_SEEN, {"partitions": sorted(partitions)})
    return {row.partition_no: row.day for row in rows}
