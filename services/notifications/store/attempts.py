"""The attempts: each committed before its first byte goes out, with the exact content, and what came of it (N4, N8)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.domain.message import Channel, Outcome
from shared.rows import Rows, insert_rows

_ATTEMPT = Rows.of(
    "attempt",
    key=("message_id", "attempt_no"),
    message_id="uuid",
    attempt_no="integer",
    channel="text",
    contact_point_id="uuid",
    contact_role="text",
    served="boolean",
    template_id="uuid",
    template_version="text",
    on_unknown="text",
    provider="text",
    letter_sha256="text",
    civil_at="timestamptz",
    civil_date="date",
    recipient="text",
    content="bytea",
    content_sha256="text",
    positions="jsonb",
    positions_at="timestamptz",
    begun_at="timestamptz",
    lease_until="timestamptz",
)
# What is known for certain is never overwritten by what is not.
_END = text(
    """
    UPDATE attempt AS a SET ended_at = :at, outcome = r.outcome, code = r.code, answer = r.answer
    FROM unnest(CAST(:message_ids AS uuid[]), CAST(:numbers AS integer[]), CAST(:outcomes AS text[]),
                CAST(:codes AS integer[]), CAST(:answers AS text[])) AS r(message_id, attempt_no, outcome, code, answer)
    WHERE a.message_id = r.message_id AND a.attempt_no = r.attempt_no AND coalesce(a.outcome, 'unknown') = 'unknown'
    """
)
_READ = text(
    """
    SELECT a.message_id, a.attempt_no, a.channel, a.contact_point_id, a.contact_role, a.served, a.template_id,
           a.template_version, a.civil_at, a.civil_date, a.content_sha256, a.letter_sha256, a.provider, a.outcome,
           a.on_unknown, c.zone
    FROM attempt AS a JOIN contact_point AS c USING (contact_point_id)
    WHERE (a.message_id, a.attempt_no) IN
          (SELECT * FROM unnest(CAST(:message_ids AS uuid[]), CAST(:numbers AS integer[])))
    """
)
_CONTENT = text("SELECT content FROM attempt WHERE message_id = :message_id AND attempt_no = :attempt_no")
_EXPIRED = text("SELECT message_id, attempt_no FROM attempt WHERE outcome IS NULL AND lease_until < :now LIMIT :limit")
_OPEN = text("SELECT message_id, attempt_no FROM attempt WHERE outcome IS NULL LIMIT :limit")

AttemptKey = tuple[UUID, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What an attempt was, as far as settling it needs."""

    message_id: UUID
    attempt_no: int
    channel: Channel
    contact_point_id: UUID
    contact_role: str
    served: bool
    template_id: UUID | None
    template_version: str
    civil_at: datetime
    civil_date: date
    content_sha256: str
    letter_sha256: str | None
    provider: str | None
    outcome: str | None
    on_unknown: str
    zone: str


async def insert_attempts(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert attempts that are about to be made."""
    await insert_rows(connection, _ATTEMPT, rows)


async def read_attempts(connection: AsyncConnection, keys: Sequence[AttemptKey]) -> dict[AttemptKey, Attempt]:
    """Return these attempts by message and number."""
    rows = await connection.execute(
        _READ, {"message_ids": [key[0] for key in keys], "numbers": [key[1] for key in keys]}
    )
    return {(row.message_id, row.attempt_no): Attempt(**row._mapping) for row in rows}  # noqa: SLF001 - SQLAlchemy's public name


async def read_content(connection: AsyncConnection, key: AttemptKey) -> bytes:
    """Return what an attempt handed over, to the byte."""
    rows = await connection.execute(_CONTENT, {"message_id": key[0], "attempt_no": key[1]})
    return bytes(rows.scalar_one())


async def end_attempts(connection: AsyncConnection, outcomes: Mapping[AttemptKey, Outcome], *, at: datetime) -> None:
    """Store what came of these attempts."""
    parameters = {
        "at": at,
        "message_ids": [key[0] for key in outcomes],
        "numbers": [key[1] for key in outcomes],
        "outcomes": [each.kind for each in outcomes.values()],
        "codes": [each.code for each in outcomes.values()],
        "answers": [each.answer for each in outcomes.values()],
    }
    await connection.execute(_END, parameters)


async def read_expired(connection: AsyncConnection, *, now: datetime, limit: int) -> list[AttemptKey]:
    """Return attempts whose holder was not heard of until its lease ended."""
    rows = await connection.execute(_EXPIRED, {"now": now, "limit": limit})
    return [(row.message_id, row.attempt_no) for row in rows]


async def read_open(connection: AsyncConnection, *, limit: int) -> list[AttemptKey]:
    """Return attempts of which nothing is known, whoever holds them."""
    return [(row.message_id, row.attempt_no) for row in await connection.execute(_OPEN, {"limit": limit})]
