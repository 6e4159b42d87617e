"""Reads the history of a case, and what became of the steps of the playbook."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

_ENTRIES = text(
    "SELECT id, entry_id, kind, effective_date, recorded_date, recorded_at, actor, detail FROM case_entry "
    "WHERE case_id = :case_id AND id > :after ORDER BY id LIMIT :rows"
)
_STEPS = text(
    "SELECT step, state, reason, count(*) AS number FROM instalment_step "
    "WHERE decided_date BETWEEN :first AND :last GROUP BY step, state, reason ORDER BY step, state, reason"
)
_LIST = text(
    "SELECT s.customer_id, p.customer_number, r.entity, r.invoice_number, r.ordinal, r.due_date, r.currency, "
    "r.open_minor, s.instalment_id, s.episode, s.step, s.state, s.reason, s.decided_date, s.reminder_id, s.task_id "
    "FROM instalment_step AS s JOIN receivable AS r USING (instalment_id) "
    "LEFT JOIN customer_profile AS p ON p.customer_id = s.customer_id "
    "WHERE s.step = :step AND s.decided_date = :day AND s.instalment_id > CAST(:after AS uuid) "
    "ORDER BY s.instalment_id LIMIT :rows"
)


async def read_entries(connection: AsyncConnection, case_id: UUID, *, after: int, rows: int) -> Sequence[Row[Any]]:
    """Return the entries of a case behind one, in the order in which they were recorded."""
    return (await connection.execute(_ENTRIES, {"case_id": case_id, "after": after, "rows": rows})).all()


async def count_steps(connection: AsyncConnection, *, first: date, last: date) -> Sequence[Row[Any]]:
    """Return how often each step came to which state between two dates, the last included."""
    return (await connection.execute(_STEPS, {"first": first, "last": last})).all()


async def list_steps(
    connection: AsyncConnection, *, step: str, day: date, after: UUID, rows: int
) -> Sequence[Row[Any]]:
    """Return the debts for which a step was decided on a day."""
    return (await connection.execute(_LIST, {"step": step, "day": day, "after": after, "rows": rows})).all()
