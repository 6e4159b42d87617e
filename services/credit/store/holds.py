"""Loads and saves holds; at most one of a customer is open."""

from collections.abc import Collection, Iterable
from dataclasses import fields
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.domain.holds import Hold
from services.credit.store.values import row_of
from shared.rows import Rows, upsert_rows
from shared.web.cursor import Position

_HOLD = Rows.of(
    "hold",
    key=("hold_id",),
    hold_id="uuid",
    customer_id="uuid",
    partition_no="smallint",
    reason="text",
    request_id="uuid",
    placed_date="date",
    lifted_date="date",
    lift_reason="text",
    lifted_by="text",
    approver="text",
    note="text",
)
_COLUMNS = ", ".join(each.name for each in fields(Hold))
_BY_ID = text(f"SELECT {_COLUMNS} FROM hold WHERE hold_id = ANY(CAST(:ids AS uuid[]))")
_LISTING = text(f"""
    SELECT {", ".join(f"h.{each.name}" for each in fields(Hold))}, p.customer_number
    FROM hold AS h LEFT JOIN profile AS p USING (customer_id)
    WHERE (CAST(:customer_id AS uuid) IS NULL OR h.customer_id = :customer_id)
      AND (CAST(:open AS boolean) IS NULL OR (h.lifted_date IS NULL) = :open)
      AND (CAST(:after AS uuid) IS NULL OR h.hold_id > CAST(:after AS uuid))
    ORDER BY h.hold_id LIMIT :rows
""")


async def load_holds(connection: AsyncConnection, hold_ids: Collection[UUID]) -> dict[UUID, Hold]:
    """Return these holds, by id."""
    if not hold_ids:
        return {}
    rows = await connection.execute(_BY_ID, {"ids": sorted(hold_ids)})
    return {row.hold_id: Hold(**row._asdict()) for row in rows}


async def save_holds(connection: AsyncConnection, holds: Iterable[Hold]) -> None:
    """Insert or replace holds."""
    await upsert_rows(connection, _HOLD, [row_of(each) for each in holds])


async def list_holds(
    connection: AsyncConnection, *, customer_id: UUID | None, is_open: bool | None, after: Position | None, rows: int
) -> list[Row[Any]]:
    """Return up to `rows` holds with their customers' numbers behind the position `after`, by id."""
    parameters = {"customer_id": customer_id, "open": is_open, "after": after[0] if after else None, "rows": rows}
    return list(await connection.execute(_LISTING, parameters))
