"""Keeps every change of what is known: append-only, with what stood before, its source, who brought it and when."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.store.facts import from_json
from services.credit.store.values import row_of
from shared.rows import Rows, insert_rows
from shared.web.cursor import Position

_CHANGE = Rows.of(
    "recorded_change",
    key=("batch_ordinal",),
    change_id="uuid",
    subject="text",
    customer_id="uuid",
    partition_no="smallint",
    field="text",
    before="jsonb",
    after="jsonb",
    reason="text",
    source="text",
    actor="text",
    correlation_id="text",
    business_date="date",
    recorded_at="timestamptz",
    batch_ordinal="integer",
)
_OF_SUBJECT = text("""
    SELECT ordinal, field, CAST(before AS text) AS before, CAST(after AS text) AS after, reason, source, actor,
           business_date, recorded_at
    FROM recorded_change
    WHERE subject = :subject AND (CAST(:after AS bigint) IS NULL OR ordinal < CAST(:after AS bigint))
    ORDER BY ordinal DESC LIMIT :rows
""")

_DERIVED = text("""
    SELECT field, CAST(before AS text) AS before, CAST(after AS text) AS after, reason, source, actor, correlation_id,
           business_date, recorded_at
    FROM recorded_change
    WHERE subject = :risk OR (subject = :customer AND field = 'limit')
    ORDER BY ordinal DESC LIMIT :rows
""")
_FACTS = text("""
    SELECT DISTINCT ON (field) field, CAST(after AS text) AS after FROM recorded_change
    WHERE subject = :subject AND business_date <= :as_of ORDER BY field, ordinal DESC
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedChange:
    """One field of one subject ("customer/<id>", "risk/<id>" or "group/<code>") with its value before and after."""

    change_id: UUID
    subject: str
    customer_id: UUID | None
    partition_no: int | None
    field: str
    before: Any
    after: Any
    reason: str | None
    source: str
    actor: str
    correlation_id: str
    business_date: date
    recorded_at: datetime


async def record_changes(connection: AsyncConnection, changes: Iterable[RecordedChange]) -> None:
    """Append changes in their order."""
    await insert_rows(connection, _CHANGE, [row_of(each) | {"batch_ordinal": n} for n, each in enumerate(changes)])


async def list_changes(
    connection: AsyncConnection, *, subject: str, after: Position | None, rows: int
) -> list[Row[Any]]:
    """Return up to `rows` changes of one subject, newest first, before the position `after`."""
    parameters = {"subject": subject, "after": after[0] if after else None, "rows": rows}
    return list(await connection.execute(_OF_SUBJECT, parameters))


async def list_derived(connection: AsyncConnection, customer_id: UUID, *, rows: int) -> list[Row[Any]]:
    """Return the last turns of a customer's light and the last changes of the limit, newest first."""
    parameters = {"risk": f"risk/{customer_id}", "customer": f"customer/{customer_id}", "rows": rows}
    return list(await connection.execute(_DERIVED, parameters))


async def facts_as_of(connection: AsyncConnection, customer_id: UUID, *, as_of: date) -> dict[str, Any]:
    """Return the fields of a customer's profile as they were known at the end of a day; none before he registered."""
    rows = await connection.execute(_FACTS, {"subject": f"customer/{customer_id}", "as_of": as_of})
    return {row.field: from_json(row.field, json.loads(row.after)) for row in rows}
