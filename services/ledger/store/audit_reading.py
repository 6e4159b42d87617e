"""Reads the audit: who did what, when it took effect and when it was recorded (L17)."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """One thing that somebody did; `id` orders the records of one partition, and is no number of anything."""

    id: int
    customer_id: UUID | None
    actor: str
    action: str
    subject: str
    details: dict[str, Any]
    effective_date: date
    business_date: date
    recorded_at: datetime
    correlation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Whose records are asked for, about what, and from which business day on."""

    subject: str | None = None
    actor: str | None = None
    customer_id: UUID | None = None
    first: date | None = None


_RECORDS = text("""
    SELECT id, customer_id, actor, action, subject, details, effective_date, business_date, recorded_at, correlation_id
    FROM audit_record
    WHERE id > :after
        AND subject = coalesce(CAST(:subject AS text), subject)
        AND actor = coalesce(CAST(:actor AS text), actor)
        AND (CAST(:customer_id AS uuid) IS NULL OR customer_id = CAST(:customer_id AS uuid))
        AND (CAST(:first AS date) IS NULL OR business_date >= CAST(:first AS date))
    ORDER BY id
    LIMIT :limit
""")


async def audit_records(
    connection: AsyncConnection, asked: AuditFilter, *, limit: int, after: int = 0
) -> Sequence[AuditRecord]:
    """Return at most `limit` records with an id above `after`, in that order."""
    rows = (await connection.execute(_RECORDS, {**asdict(asked), "limit": limit, "after": after})).mappings()
    return [AuditRecord(**row) for row in rows]
