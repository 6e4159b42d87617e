"""Keeps what the day's work has to look after for each customer, by kind; the first of them is his next date."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Literal
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

Kind = Literal["reservation", "risk", "review", "override"]

# A statement does not see what its own parts write: what is given stands in for the rows that it replaces.
_SET = text("""
    WITH given AS (
        SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:dates AS date[])) AS g(customer_id, due_date)
    ), ended AS (
        DELETE FROM timer AS t USING given AS g
        WHERE t.customer_id = g.customer_id AND t.kind = :kind AND g.due_date IS NULL
    ), running AS (
        INSERT INTO timer (customer_id, kind, due_date)
        SELECT customer_id, :kind, due_date FROM given WHERE due_date IS NOT NULL ORDER BY customer_id
        ON CONFLICT (customer_id, kind) DO UPDATE SET due_date = excluded.due_date
    )
    UPDATE customer AS c SET next_date = least(g.due_date, (
        SELECT min(t.due_date) FROM timer AS t WHERE t.customer_id = c.customer_id AND t.kind <> :kind
    ))
    FROM given AS g WHERE c.customer_id = g.customer_id
""")
_SOONER = text("""
    WITH given AS (
        SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:dates AS date[])) AS g(customer_id, due_date)
    ), running AS (
        INSERT INTO timer AS t (customer_id, kind, due_date)
        SELECT customer_id, :kind, due_date FROM given ORDER BY customer_id
        ON CONFLICT (customer_id, kind) DO UPDATE SET due_date = least(t.due_date, excluded.due_date)
    )
    UPDATE customer AS c SET next_date = least(c.next_date, g.due_date)
    FROM given AS g WHERE c.customer_id = g.customer_id
""")

_DUE = text(
    "SELECT customer_id FROM timer WHERE customer_id = ANY(CAST(:ids AS uuid[])) AND kind = :kind AND due_date <= :day"
)


async def set_timers(connection: AsyncConnection, kind: Kind, dates: Mapping[UUID, date | None]) -> None:
    """Set the day on which the work of this kind is due next for locked customers; None when it never is."""
    await _execute(connection, _SET, kind, dates)


async def bring_forward(connection: AsyncConnection, kind: Kind, dates: Mapping[UUID, date]) -> None:
    """Let the work of this kind be due on these days for locked customers, unless it is due sooner."""
    await _execute(connection, _SOONER, kind, dates)


async def due_timers(
    connection: AsyncConnection, kind: Kind, customer_ids: Collection[UUID], *, day: date
) -> list[UUID]:
    """Return those of the customers whose work of this kind is due on `day`, by id."""
    found = await connection.scalars(_DUE, {"kind": kind, "ids": sorted(customer_ids), "day": day})
    return sorted(found)


async def _execute(
    connection: AsyncConnection,
    statement: TextClause,
    kind: Kind,
    dates: Mapping[UUID, date | None] | Mapping[UUID, date],
) -> None:
    if dates:
        ids = sorted(dates)
        await connection.execute(statement, {"kind": kind, "ids": ids, "dates": [dates[each] for each in ids]})
