"""Reads pages of records for people and systems, in a fixed order behind a position."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

# Beside each record: the number by which the ERP knows the customer, and the latest business date of his partition.
_SELECT = """
    SELECT t.*, p.customer_number, d.day AS today{more}
    FROM {table} AS t
    LEFT JOIN customer_profile AS p USING (customer_id)
    LEFT JOIN day_seen AS d ON d.partition_no = t.partition_no
    {join}
"""
_ANCHOR = "LEFT JOIN receivable AS a ON a.instalment_id = t.anchor_instalment_id"
_OVERDUE = """, a.due_date AS anchor_due_date, a.invoice_number AS anchor_invoice_number, (
        SELECT coalesce(jsonb_object_agg(s.currency, s.minor), '{}') FROM (
            SELECT r.currency, sum(r.open_minor) AS minor FROM receivable AS r
            WHERE r.customer_id = t.customer_id AND r.entity = t.entity AND r.open_minor > 0 AND r.due_date < d.day
            GROUP BY r.currency
        ) AS s
    ) AS overdue"""


@dataclass(frozen=True)
class Listed:
    """A table as it is listed: ordered by a date and the id, oldest first."""

    table: str
    date: str
    key: str
    more: str = ""
    join: str = ""


CASES = Listed("collection_case", "opened_date", "case_id", more=_OVERDUE, join=_ANCHOR)
TASKS = Listed("task", "due_date", "task_id")
PROMISES = Listed("promise", "made_date", "promise_id")
DISPUTES = Listed("dispute", "opened_date", "dispute_id")
PAUSES = Listed("pause", "start_date", "pause_id")
REMINDERS = Listed("reminder", "planned_date", "reminder_id")

# The conditions that a listing may be asked for, each with its bound value.
_CONDITIONS: Mapping[str, str] = {
    "customer_id": "t.customer_id = :customer_id",
    "state": "t.state = :state",
    "stage": "t.stage = :stage",
    "open": "(t.{over} IS NULL) = :open",
    "role": "(t.role = :role OR t.watched_by = :role)",
    "due_until": "t.due_date <= :due_until",
}
_OVER = {CASES.table: "closed_date", TASKS.table: "outcome", DISPUTES.table: "outcome"}


async def list_records(
    connection: AsyncConnection, listed: Listed, *, after: Sequence[Any] | None, rows: int, **wanted: Any
) -> Sequence[Row[Any]]:
    """Return up to `rows` records behind `after` (date and id as text) that fit every condition that is not None."""
    asked = {name: value for name, value in wanted.items() if value is not None}
    conditions = [_CONDITIONS[name].format(over=_OVER.get(listed.table)) for name in asked]
    if after is not None:
        conditions.append(f"(t.{listed.date}, t.{listed.key}) > (CAST(:after_date AS date), CAST(:after_id AS uuid))")
        asked |= {"after_date": date.fromisoformat(str(after[0])), "after_id": UUID(str(after[1]))}
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    order = f"ORDER BY t.{listed.date}, t.{listed.key} LIMIT :rows"
    statement = text(f"{_select(listed)} {where} {order}")
    return (await connection.execute(statement, {**asked, "rows": rows})).all()


async def find_record(connection: AsyncConnection, listed: Listed, record_id: UUID) -> Row[Any] | None:
    """Return one record, or None."""
    statement = text(f"{_select(listed)} WHERE t.{listed.key} = :id")
    return (await connection.execute(statement, {"id": record_id})).one_or_none()


def _select(listed: Listed) -> str:
    return _SELECT.format(table=listed.table, more=listed.more, join=listed.join)
