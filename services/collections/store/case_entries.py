"""Writes the history of cases, in the order in which things happened; nothing in it is ever changed."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.rows import Rows, insert_rows

_SHAPE = Rows.of(
    "case_entry",
    key=("batch_ordinal",),
    batch_ordinal="integer",
    entry_id="uuid",
    case_id="uuid",
    customer_id="uuid",
    kind="text",
    effective_date="date",
    recorded_date="date",
    recorded_at="timestamptz",
    actor="text",
    detail="jsonb",
    partition_no="smallint",
)


async def append(connection: AsyncConnection, entries: Sequence[dict[str, Any]]) -> None:
    """Add entries in their order."""
    await insert_rows(connection, _SHAPE, [{"batch_ordinal": n, **each} for n, each in enumerate(entries)])
