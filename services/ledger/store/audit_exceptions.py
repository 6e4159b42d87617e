"""Reads from the audit what was out of the ordinary: by whom, in which month, and the records themselves (L17)."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Literal, get_args
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

Kind = Literal["allocated_by_hand", "back_dated", "refunded", "reversed", "terms_beyond_credit"]
"""An allocation by people instead of by rule; a document that took effect long before it was recorded; money that went
back; an invoice that states longer terms than credit allowed the customer."""

KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionQuestion:
    """Which exceptions of the half-open period are asked for; a document is back-dated by more than so many days."""

    first: date
    end: date
    back_dated_days: int
    actor: str | None = None
    kind: Kind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionCount:
    """How many exceptions of a kind a person made, or all persons together."""

    actor: str | None
    exception: Kind
    records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionRecord:
    """A record of the audit, and why it is an exception."""

    id: int
    exception: Kind
    customer_id: UUID | None
    actor: str
    action: str
    subject: str
    details: dict[str, Any]
    effective_date: date
    business_date: date
    recorded_at: datetime


# An allocation bears the date of its payment, so that it alone is not back-dated by being late.
_EXCEPTIONS = """
    FROM audit_record AS a CROSS JOIN LATERAL (VALUES
        ('allocated_by_hand', action IN ('payment_allocated', 'credit_note_allocated')),
        ('back_dated', business_date - effective_date > :back_dated_days
            AND action NOT IN ('payment_allocated', 'credit_note_allocated')),
        ('refunded', action = 'payment_refunded'),
        ('reversed', action = 'payment_reversed'),
        ('terms_beyond_credit', action = 'invoice_recorded' AND jsonb_exists(details, 'credit_terms_days'))
    ) AS k(exception, holds)
    WHERE k.holds AND business_date >= :first AND business_date < :end
        AND actor = coalesce(CAST(:actor AS text), actor) AND exception = coalesce(CAST(:kind AS text), exception)
"""
_COUNTS = text(f"""
    SELECT CASE WHEN CAST(:by_person AS boolean) THEN actor END AS actor, exception, count(*) AS records
    {_EXCEPTIONS} GROUP BY 1, 2 ORDER BY 1, 2
""")
_RECORDS = text(f"""
    SELECT id, exception, customer_id, actor, action, subject, details, effective_date, business_date, recorded_at
    {_EXCEPTIONS} AND (id, exception) > (:after_id, CAST(:after_kind AS text)) ORDER BY id, exception LIMIT :limit
""")


async def count_exceptions(
    connection: AsyncConnection, asked: ExceptionQuestion, *, by_person: bool
) -> list[ExceptionCount]:
    """Return how many exceptions of each kind there were, person by person or in all."""
    rows = await connection.execute(_COUNTS, {**asdict(asked), "by_person": by_person})
    return [ExceptionCount(**row) for row in rows.mappings()]


async def list_exceptions(
    connection: AsyncConnection, asked: ExceptionQuestion, *, after: tuple[int, str], limit: int
) -> Sequence[ExceptionRecord]:
    """Return the records behind `after`, in order of recording; one that is an exception twice comes twice."""
    parameters = {**asdict(asked), "after_id": after[0], "after_kind": after[1], "limit": limit}
    return [ExceptionRecord(**row) for row in (await connection.execute(_RECORDS, parameters)).mappings()]
