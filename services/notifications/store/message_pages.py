"""What people read of messages: lists by customer and state, and one message with all that proves it (N8)."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_SUMMARY = """
    m.message_id, m.reminder_id, m.customer_id, m.entity, m.purpose, m.step, m.planned_date, m.due_date, m.due_at,
    m.formal, m.channel, m.accompanies, m.state, m.reason, m.attempts, m.civil_date, m.arrives_date, m.arrived,
    m.edition, m.recorded_at, m.changed_at
"""
_PAGE = text(
    f"""
    SELECT {_SUMMARY} FROM message AS m
    WHERE (CAST(:customer_id AS uuid) IS NULL OR m.customer_id = :customer_id)
      AND (CAST(:state AS text) IS NULL OR m.state = :state)
      AND (CAST(:from_date AS date) IS NULL OR m.planned_date >= :from_date)
      AND (CAST(:after_at AS timestamptz) IS NULL
           OR (m.recorded_at, m.message_id) > (:after_at, CAST(:after_id AS uuid)))
    ORDER BY m.recorded_at, m.message_id LIMIT :limit
    """
)
_ONE = text(
    f"""
    SELECT {_SUMMARY}, m.answer_working_days, m.by_hand, m.preapproved, m.look, m.remark, m.correlation_id,
           m.resolved_by, m.resolved_at, m.resolution
    FROM message AS m WHERE m.message_id = :id
    """
)
_LINES = text(
    """
    SELECT l.instalment_id, d.invoice_number, d.ordinal, d.due_date, d.currency, l.step, l.episode, l.dropped_reason,
           l.stated_minor
    FROM message_line AS l LEFT JOIN debt AS d USING (instalment_id)
    WHERE l.message_id = :id ORDER BY d.due_date, d.invoice_number, d.ordinal, l.instalment_id
    """
)
_LOOKS = text("SELECT action, edition, note, actor, at FROM message_look WHERE message_id = :id ORDER BY ordinal")
_RECEIPTS = text(
    """
    SELECT provider, status, at, reason, content, heard_at FROM receipt
    WHERE message_id = :id ORDER BY heard_at, status
    """
)
_ATTEMPTS = text(
    """
    SELECT attempt_no, channel, provider, contact_point_id, contact_role, served, template_id, template_version,
           civil_at, recipient, content, content_sha256, letter_sha256, positions, positions_at, begun_at, ended_at,
           outcome, code, answer
    FROM attempt WHERE message_id = :id ORDER BY attempt_no
    """
)

Shown = dict[str, Any]


async def read_page(
    connection: AsyncConnection,
    *,
    customer_id: UUID | None,
    state: str | None,
    from_date: date | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Shown]:
    """Return messages in the order in which they were heard of."""
    after_at, after_id = after or (None, None)
    parameters = {"customer_id": customer_id, "state": state, "from_date": from_date, "limit": limit}
    rows = await connection.execute(_PAGE, {**parameters, "after_at": after_at, "after_id": after_id})
    return [_plain(row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name


async def read_customer_of(connection: AsyncConnection, message_id: UUID) -> UUID | None:
    """Return whose message it is, or None where there is no such message."""
    row = (await connection.execute(_ONE, {"id": message_id})).one_or_none()
    return None if row is None else UUID(str(row.customer_id))


async def read_message(connection: AsyncConnection, message_id: UUID) -> Shown | None:
    """Return one message with its lines, looks, attempts and receipts, the last two with their exact content."""
    row = (await connection.execute(_ONE, {"id": message_id})).one_or_none()
    if row is None:
        return None
    parts = {"lines": _LINES, "looks": _LOOKS, "attempts_made": _ATTEMPTS, "receipts": _RECEIPTS}
    found: dict[str, Sequence[Shown]] = {}
    for name, statement in parts.items():
        rows = await connection.execute(statement, {"id": message_id})
        found[name] = [_plain(each._mapping) for each in rows]  # noqa: SLF001 - SQLAlchemy's public name
    return {**_plain(row._mapping), **found}  # noqa: SLF001 - SQLAlchemy's public name


def _plain(columns: Any) -> Shown:
    """Return a row's columns, the content as the text that it is."""
    plain = dict(columns)
    if "content" in plain:
        plain["content"] = plain["content"].decode()
    return plain
