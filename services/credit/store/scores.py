"""Keeps every score that differed from the one before, with its parts and its cause."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.store.values import row_of
from shared.rows import Rows, insert_rows

_SCORE = Rows.of(
    "score",
    key=("batch_ordinal",),
    score_id="uuid",
    customer_id="uuid",
    partition_no="smallint",
    business_date="date",
    scorecard="text",
    scorecard_version="integer",
    points="integer",
    grade="text",
    known_pct="integer",
    parts="jsonb",
    cause_id="uuid",
    actor="text",
    recorded_at="timestamptz",
    batch_ordinal="integer",
)
_FIELDS = ", ".join(name for name, _ in _SCORE.types if name != "batch_ordinal")
_LATEST = text(f"""
    SELECT DISTINCT ON (customer_id) {_FIELDS} FROM score
    WHERE customer_id = ANY(CAST(:ids AS uuid[])) ORDER BY customer_id, ordinal DESC
""")
_RECENT = text(f"SELECT {_FIELDS} FROM score WHERE customer_id = :customer_id ORDER BY ordinal DESC LIMIT :rows")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptScore:
    """A score as it was computed on a business date; `parts` as JSON, `cause_id` names the event, request or day."""

    score_id: UUID
    customer_id: UUID
    partition_no: int
    business_date: date
    scorecard: str
    scorecard_version: int
    points: int
    grade: str
    known_pct: int
    parts: list[dict[str, Any]]
    cause_id: UUID
    actor: str
    recorded_at: datetime


async def keep_scores(connection: AsyncConnection, scores: Iterable[KeptScore]) -> None:
    """Append scores in their order."""
    await insert_rows(connection, _SCORE, [row_of(each) | {"batch_ordinal": n} for n, each in enumerate(scores)])


async def latest_scores(connection: AsyncConnection, customer_ids: Collection[UUID]) -> dict[UUID, KeptScore]:
    """Return the latest score of each customer who has one."""
    rows = await connection.execute(_LATEST, {"ids": sorted(customer_ids)})
    return {row.customer_id: KeptScore(**row._asdict()) for row in rows}


async def recent_scores(connection: AsyncConnection, customer_id: UUID, *, rows: int) -> list[KeptScore]:
    """Return the latest scores of a customer, newest first."""
    found = await connection.execute(_RECENT, {"customer_id": customer_id, "rows": rows})
    return [KeptScore(**row._asdict()) for row in found]
