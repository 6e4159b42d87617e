"""The messages: heard of, released, claimed and settled, with the keys that make each decision once (N4)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row as DatabaseRow
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.domain.message import Line, Message, State
from shared.messaging.customers import set_next_dates
from shared.rows import Row, Rows, insert_missing, update_rows

_NEW = Rows.of(
    "message",
    key=("message_id",),
    message_id="uuid",
    reminder_id="uuid",
    customer_id="uuid",
    partition_no="smallint",
    entity="text",
    purpose="text",
    step="text",
    planned_date="date",
    due_date="date",
    formal="boolean",
    answer_working_days="integer",
    channels="jsonb",
    channel="text",
    accompanies="boolean",
    preapproved="boolean",
    correlation_id="text",
    traceparent="text",
    state="text",
    recorded_at="timestamptz",
    changed_at="timestamptz",
)
_MOVED = Rows.of(
    "message",
    key=("message_id",),
    message_id="uuid",
    state="text",
    reason="text",
    due_date="date",
    due_at="timestamptz",
    by_hand="boolean",
    attempts="integer",
    civil_date="date",
    arrives_date="date",
    look="text",
    remark="text",
    edition="integer",
    edited_by="text",
    approved_edition="integer",
    changed_at="timestamptz",
)
_LINE = Rows.of(
    "message_line",
    key=("message_id", "instalment_id"),
    message_id="uuid",
    instalment_id="uuid",
    channel="text",
    step="text",
    episode="integer",
)
_SPOKEN = Rows.of(
    "message_line",
    key=("message_id", "instalment_id"),
    message_id="uuid",
    instalment_id="uuid",
    dropped_reason="text",
    stated_minor="bigint",
)
_WITHDRAW = text(
    """
    UPDATE message AS m SET state = 'withdrawn', reason = r.reason, changed_at = :at
    FROM unnest(CAST(:reminders AS uuid[]), CAST(:reasons AS text[])) AS r(reminder_id, reason)
    WHERE m.reminder_id = r.reminder_id
      AND m.state IN ('waiting', 'released', 'waiting_for_approval', 'retrying')
    """
)
_RELEASE = text(
    """
    UPDATE message SET state = 'released', due_at = :at, changed_at = :at
    WHERE customer_id = ANY(CAST(:customers AS uuid[])) AND state = 'waiting' AND due_date <= :day
    """
)
_SYNC_LINES = text(
    """
    UPDATE message_line AS l SET holds = m.state IN ('claimed', 'sent', 'unknown') AND l.dropped_reason IS NULL
    FROM message AS m WHERE m.message_id = l.message_id AND m.message_id = ANY(CAST(:ids AS uuid[]))
    """
)
# What keeps a customer's day open: intents, under the fast clock until they are settled, and arrivals.
_NEXT_DATES = text(
    """
    SELECT c.id AS customer_id, least(
        (SELECT min(due_date) FROM message AS m WHERE m.customer_id = c.id
         AND (m.state = 'waiting' OR (:holds_day AND m.state IN ('released', 'claimed')))),
        (SELECT min(arrives_date) FROM message AS m
         WHERE m.customer_id = c.id AND m.arrives_date IS NOT NULL AND NOT m.arrived)
    ) AS next_date
    FROM unnest(CAST(:customers AS uuid[])) AS c(id)
    """
)
MESSAGE = """
    SELECT m.message_id, m.reminder_id, m.customer_id, m.partition_no, m.entity, m.purpose, m.step, m.planned_date,
           m.due_date, m.formal, m.answer_working_days, m.channels, m.channel, m.accompanies, m.preapproved,
           m.correlation_id, m.traceparent, m.state, m.reason, m.due_at, m.by_hand, m.attempts, m.civil_date,
           m.arrives_date, m.look, m.remark, m.edition, m.edited_by, m.approved_edition, past.first_attempt_at,
           past.unknown_attempts, past.last_provider, past.last_outcome,
           (SELECT jsonb_agg(jsonb_build_array(l.instalment_id, l.step, l.episode, l.dropped_reason)
                            ORDER BY l.instalment_id)
            FROM message_line AS l WHERE l.message_id = m.message_id) AS lines
    FROM message AS m CROSS JOIN LATERAL (
        SELECT min(a.begun_at) AS first_attempt_at, count(*) FILTER (WHERE a.outcome = 'unknown') AS unknown_attempts,
               (array_agg(a.provider ORDER BY a.attempt_no DESC))[1] AS last_provider,
               (array_agg(a.outcome ORDER BY a.attempt_no DESC))[1] AS last_outcome
        FROM attempt AS a WHERE a.message_id = m.message_id AND a.begun_at > coalesce(m.resolved_at, '-infinity')
    ) AS past
"""
_SOME = text(MESSAGE + "WHERE m.message_id = ANY(CAST(:ids AS uuid[])) ORDER BY m.message_id")
_ARRIVING = text(
    MESSAGE
    + """
    WHERE m.customer_id = ANY(CAST(:customers AS uuid[])) AND m.arrives_date <= :day AND NOT m.arrived
    ORDER BY m.customer_id, m.message_id
    """
)
_STATED = text(
    "SELECT instalment_id, stated_minor FROM message_line WHERE message_id = :id AND stated_minor IS NOT NULL"
)
_CUSTOMERS = text("SELECT DISTINCT customer_id FROM message WHERE message_id = ANY(CAST(:ids AS uuid[]))")
_RESOLVE = text(
    "UPDATE message SET resolved_by = :actor, resolved_at = :at, resolution = :decision WHERE message_id = :id"
)
_ARRIVED = text(
    """
    UPDATE message AS m SET arrived = true, arrives_date = r.arrives_date, changed_at = :at
    FROM unnest(CAST(:ids AS uuid[]), CAST(:dates AS date[])) AS r(message_id, arrives_date)
    WHERE m.message_id = r.message_id
    """
)


async def insert_messages(connection: AsyncConnection, messages: Iterable[Message], *, at: datetime) -> None:
    """Insert new messages with their lines."""
    messages = list(messages)
    await insert_missing(connection, _NEW, [_new_row(each, at) for each in messages])
    lines = [
        {
            "message_id": each.message_id,
            "instalment_id": line.instalment_id,
            "channel": each.channel,
            "step": line.step,
            "episode": line.episode,
        }
        for each in messages
        for line in each.lines
    ]
    await insert_missing(connection, _LINE, lines)


async def withdraw(connection: AsyncConnection, reasons: Mapping[UUID, str], *, at: datetime) -> None:
    """Withdraw the messages of these reminders, unless they have left or are leaving."""
    if reasons:
        parameters = {"reminders": list(reasons), "reasons": list(reasons.values()), "at": at}
        await connection.execute(_WITHDRAW, parameters)


async def release(connection: AsyncConnection, customers: Sequence[UUID], *, day: date, at: datetime) -> int:
    """Release these customers' messages of `day` or before; return how many."""
    result = await connection.execute(_RELEASE, {"customers": customers, "day": day, "at": at})
    return result.rowcount


async def refresh_next_dates(connection: AsyncConnection, customers: Collection[UUID], *, holds_day: bool) -> None:
    """Set each customer's next date to the first on which something of his is due."""
    if not customers:
        return
    rows = await connection.execute(_NEXT_DATES, {"customers": sorted(customers), "holds_day": holds_day})
    await set_next_dates(connection, {row.customer_id: row.next_date for row in rows})


async def read_customers(connection: AsyncConnection, ids: Collection[UUID]) -> list[UUID]:
    """Return the customers of these messages; they never change, so no lock is needed."""
    return list((await connection.execute(_CUSTOMERS, {"ids": sorted(ids)})).scalars())


async def read_messages(connection: AsyncConnection, ids: Collection[UUID]) -> dict[UUID, Message]:
    """Return these messages by id."""
    return {row.message_id: message_of(row) for row in await connection.execute(_SOME, {"ids": sorted(ids)})}


async def read_arriving(connection: AsyncConnection, customers: Sequence[UUID], *, day: date) -> list[Message]:
    """Return the messages that count as arrived by `day` and were not yet said to be."""
    return [message_of(row) for row in await connection.execute(_ARRIVING, {"customers": customers, "day": day})]


async def mark_arrived(connection: AsyncConnection, messages: Sequence[Message], *, at: datetime) -> None:
    """Note that these messages have arrived, each on its date."""
    dates = [each.arrives_date for each in messages]
    await connection.execute(_ARRIVED, {"ids": [each.message_id for each in messages], "dates": dates, "at": at})


async def read_stated(connection: AsyncConnection, message_id: UUID) -> dict[UUID, int]:
    """Return the sum that a message stated of each debt it spoke of, in minor units by instalment."""
    rows = await connection.execute(_STATED, {"id": message_id})
    return {row.instalment_id: row.stated_minor for row in rows}


async def save_messages(connection: AsyncConnection, messages: Sequence[Message], *, at: datetime) -> None:
    """Store where these messages now stand; their lines hold their keys, or free them, accordingly."""
    await update_rows(connection, _MOVED, [_moved_row(each, at) for each in messages])
    await connection.execute(_SYNC_LINES, {"ids": [each.message_id for each in messages]})


async def save_resolution(
    connection: AsyncConnection, message_id: UUID, *, actor: str, at: datetime, decision: str
) -> None:
    """Note who decided what about a message, and why; attempts before do not count any more."""
    await connection.execute(_RESOLVE, {"id": message_id, "actor": actor, "at": at, "decision": decision})


async def save_spoken(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """Store of each line what sum was stated, or why it was dropped."""
    await update_rows(connection, _SPOKEN, rows)


def _new_row(message: Message, at: datetime) -> Row:
    columns = {name: getattr(message, name) for name, _ in _NEW.types if name not in ("recorded_at", "changed_at")}
    return {**columns, "recorded_at": at, "changed_at": at}


def _moved_row(message: Message, at: datetime) -> Row:
    return {**{name: getattr(message, name) for name, _ in _MOVED.types if name != "changed_at"}, "changed_at": at}


def message_of(row: DatabaseRow[Any]) -> Message:
    """Return the message that a row of `MESSAGE` holds."""
    lines = tuple(
        Line(instalment_id=UUID(instalment), step=step, episode=episode, dropped_reason=dropped)
        for instalment, step, episode, dropped in row.lines
    )
    columns = {**row._mapping, "lines": lines, "state": State(row.state)}  # noqa: SLF001 - SQLAlchemy's public name
    return Message(**{**columns, "channels": tuple(row.channels)})
