"""Keeps the amounts of instalments that are disputed at present: they do not count as collectible (C6)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.store.values import row_of
from shared.rows import Rows, upsert_rows

_DISPUTE = Rows.of(
    "open_dispute",
    key=("dispute_id",),
    dispute_id="uuid",
    customer_id="uuid",
    partition_no="smallint",
    instalment_id="uuid",
    amount_minor="bigint",
)
_OPEN = text("""
    SELECT dispute_id, customer_id, partition_no, instalment_id, amount_minor FROM open_dispute
    WHERE customer_id = ANY(CAST(:ids AS uuid[]))
""")
_CLOSE = text("DELETE FROM open_dispute WHERE dispute_id = ANY(CAST(:ids AS uuid[]))")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDispute:
    """So much of an instalment is contested."""

    dispute_id: UUID
    customer_id: UUID
    partition_no: int
    instalment_id: UUID
    amount_minor: int


async def load_disputes(
    connection: AsyncConnection, customer_ids: Collection[UUID]
) -> dict[UUID, dict[UUID, OpenDispute]]:
    """Return the open disputes of customers, by id."""
    found: dict[UUID, dict[UUID, OpenDispute]] = {each: {} for each in customer_ids}
    for row in await connection.execute(_OPEN, {"ids": sorted(customer_ids)}):
        found[row.customer_id][row.dispute_id] = OpenDispute(**row._asdict())
    return found


async def save_disputes(
    connection: AsyncConnection, *, opened: Iterable[OpenDispute], closed: Collection[UUID]
) -> None:
    """Keep what was opened and forget what is decided."""
    await upsert_rows(connection, _DISPUTE, [row_of(each) for each in opened])
    if closed:
        await connection.execute(_CLOSE, {"ids": sorted(closed)})


def disputed_minor(disputes: Iterable[OpenDispute]) -> dict[UUID, int]:
    """Return how much is disputed, by instalment."""
    total: dict[UUID, int] = {}
    for each in disputes:
        total[each.instalment_id] = total.get(each.instalment_id, 0) + each.amount_minor
    return total
