"""The row by which every transaction locks a customer before it reads or writes anything about him."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.ids import partition_of
from shared.rows import Rows, update_rows

_LOCK = text(
    "SELECT customer_id, partition_no, parked_at, next_date "
    "FROM lock_customers(CAST(:ids AS uuid[]), CAST(:partitions AS smallint[]), :skip_locked)"
)
_NEXT_DATE = Rows.of("customer", key=("customer_id",), customer_id="uuid", next_date="date")


@dataclass(frozen=True, slots=True)
class LockedCustomer:
    """A customer whose row this transaction holds."""

    customer_id: UUID
    partition_no: int
    parked_at: datetime | None
    next_date: date | None


async def lock_customers(
    connection: AsyncConnection, customer_ids: Iterable[UUID], *, partitions: int, skip_locked: bool = False
) -> dict[UUID, LockedCustomer]:
    """Lock these customers in order of id, creating missing rows; with `skip_locked` leave out those held elsewhere."""
    ids = sorted(set(customer_ids))
    if not ids:
        return {}
    parameters = {
        "ids": ids,
        "partitions": [partition_of(each, partitions) for each in ids],
        "skip_locked": skip_locked,
    }
    rows = await connection.execute(_LOCK, parameters)
    return {row.customer_id: LockedCustomer(*row) for row in rows}


async def set_next_dates(connection: AsyncConnection, next_dates: Mapping[UUID, date | None]) -> None:
    """Set the next date on which a day's work is due for each customer; None when nothing is."""
    rows = [{"customer_id": customer_id, "next_date": next_date} for customer_id, next_date in next_dates.items()]
    await update_rows(connection, _NEXT_DATE, rows)
