"""The debts of customers and what of them rests, as last heard from the ledger and from collections."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row as DatabaseRow
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.domain.debt import Debt, Rest
from shared.rows import Row, Rows, insert_missing, update_rows

_DEBT = Rows.of(
    "debt",
    key=("instalment_id",),
    instalment_id="uuid",
    customer_id="uuid",
    partition_no="smallint",
    entity="text",
    invoice_id="uuid",
    invoice_number="text",
    ordinal="integer",
    due_date="date",
    currency="text",
    open_minor="bigint",
    episode="integer",
    penalty_pct_per_day="numeric",
)
_REST = Rows.of(
    "rest",
    key=("rest_id",),
    rest_id="uuid",
    customer_id="uuid",
    partition_no="smallint",
    kind="text",
    entity="text",
    invoice_id="uuid",
    instalment_ids="jsonb",
    currency="text",
    amount_minor="bigint",
    from_date="date",
    until_date="date",
)
_REST_END = Rows.of("rest", key=("rest_id",), rest_id="uuid", until_date="date")
_CREDIT = Rows.of("rest", key=("rest_id",), rest_id="uuid", amount_minor="bigint", credited="boolean")
_MOVE = text(
    """
    UPDATE debt AS d SET open_minor = r.open_minor, episode = r.episode,
                         credit_noted_minor = d.credit_noted_minor + r.credit_noted_minor
    FROM unnest(CAST(:instalment_id AS uuid[]), CAST(:open_minor AS bigint[]), CAST(:episode AS integer[]),
                CAST(:credit_noted_minor AS bigint[])) AS r(instalment_id, open_minor, episode, credit_noted_minor)
    WHERE d.instalment_id = r.instalment_id
    """
)
_DEBTS = text(
    """
    SELECT instalment_id, customer_id, invoice_id, invoice_number, ordinal, entity, due_date, currency, open_minor,
           episode, penalty_pct_per_day, credit_noted_minor
    FROM debt
    WHERE customer_id = ANY(CAST(:customers AS uuid[]))
      AND (open_minor > 0 OR instalment_id = ANY(CAST(:instalments AS uuid[])))
    """
)
_RESTS = text(
    """
    SELECT rest_id, customer_id, kind, entity, invoice_id, instalment_ids, currency, amount_minor, from_date,
           until_date, credited
    FROM rest
    WHERE customer_id = ANY(CAST(:customers AS uuid[])) AND (until_date IS NULL OR until_date >= :today)
    """
)


async def save_debts(connection: AsyncConnection, debts: Iterable[Row], moves: Iterable[Row]) -> None:
    """Insert new debts, then set what is open and the episode of those that moved, and add what was credited."""
    await insert_missing(connection, _DEBT, debts)
    ordered = sorted(moves, key=lambda row: str(row["instalment_id"]))
    if ordered:
        columns = ("instalment_id", "open_minor", "episode", "credit_noted_minor")
        await connection.execute(_MOVE, {name: [row[name] for row in ordered] for name in columns})


async def save_rests(
    connection: AsyncConnection, rests: Iterable[Row], *, ends: Iterable[Row], credits_decided: Iterable[Row]
) -> None:
    """Insert new rests, then set the last day of those that ended, and what is to be credited."""
    await insert_missing(connection, _REST, rests)
    await update_rows(connection, _REST_END, ends)
    await update_rows(connection, _CREDIT, credits_decided)


async def read_debts(
    connection: AsyncConnection, customers: Sequence[UUID], *, instalments: Collection[UUID]
) -> dict[UUID, dict[UUID, Debt]]:
    """Return each customer's open debts, and those among `instalments` whether open or not, by instalment."""
    rows = await connection.execute(_DEBTS, {"customers": customers, "instalments": sorted(instalments)})
    found: defaultdict[UUID, dict[UUID, Debt]] = defaultdict(dict)
    for row in rows:
        found[row.customer_id][row.instalment_id] = Debt(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name
    return found


async def read_rests(connection: AsyncConnection, customers: Sequence[UUID], *, today: date) -> dict[UUID, list[Rest]]:
    """Return what rests for each customer today or later."""
    rows = await connection.execute(_RESTS, {"customers": customers, "today": today})
    found: defaultdict[UUID, list[Rest]] = defaultdict(list)
    for row in rows:
        found[row.customer_id].append(_rest(row))
    return found


def _rest(row: DatabaseRow[Any]) -> Rest:
    instalments = tuple(UUID(each) for each in row.instalment_ids)
    return Rest(**{**row._mapping, "instalment_ids": instalments})  # noqa: SLF001 - SQLAlchemy's public name
