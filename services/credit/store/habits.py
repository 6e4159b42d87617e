"""Loads and saves how customers pay: instalments and promises, as they were known at the end of any day."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.domain.habits import Debt, Habit, PromiseEnd
from services.credit.store.values import row_of
from shared.rows import Rows, insert_rows, upsert_rows

_UNTIL_NOW = date.max  # asyncpg's infinity
_DEBT = "instalment_id, invoice_id, issue_date, due_date, currency, amount_minor, open_minor, paid_minor, moved_date"
_INSTALMENT = Rows.of(
    "instalment",
    key=("instalment_id", "known_from"),
    instalment_id="uuid",
    known_from="date",
    known_to="date",
    customer_id="uuid",
    partition_no="smallint",
    invoice_id="uuid",
    issue_date="date",
    due_date="date",
    currency="text",
    amount_minor="bigint",
    open_minor="bigint",
    paid_minor="bigint",
    moved_date="date",
)
_PROMISE_END = Rows.of(
    "promise_end",
    key=("batch_ordinal",),
    promise_id="uuid",
    event_id="uuid",
    customer_id="uuid",
    partition_no="smallint",
    outcome="text",
    ended_date="date",
    known_date="date",
    batch_ordinal="integer",
)
_END_KNOWN = text("""
    UPDATE instalment SET known_to = :today
    WHERE instalment_id = ANY(CAST(:ids AS uuid[])) AND known_to = 'infinity' AND known_from < :today
""")
_DEBTS = text(f"""
    SELECT customer_id, {_DEBT} FROM instalment
    WHERE customer_id = ANY(CAST(:ids AS uuid[])) AND known_from <= :as_of AND known_to > :as_of
      AND (open_minor > 0 OR moved_date >= :since)
""")
_OF_INVOICES = text(f"""
    SELECT customer_id, {_DEBT} FROM instalment
    WHERE invoice_id = ANY(CAST(:ids AS uuid[])) AND known_to = 'infinity'
""")
_COUNTS = text("""
    SELECT customer_id, min(first_date) AS first_date, count(*) FILTER (WHERE paid) AS paid_invoices
    FROM (
        SELECT customer_id, min(issue_date) AS first_date, sum(open_minor) = 0 AND bool_or(paid_minor > 0) AS paid
        FROM instalment
        WHERE customer_id = ANY(CAST(:ids AS uuid[])) AND known_from <= :as_of AND known_to > :as_of
        GROUP BY customer_id, invoice_id
    ) AS invoice
    GROUP BY customer_id
""")
_PROMISES = text("""
    SELECT customer_id, promise_id, outcome, ended_date FROM promise_end
    WHERE customer_id = ANY(CAST(:ids AS uuid[])) AND known_date <= :as_of ORDER BY ordinal
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDebt:
    """A debt of this customer."""

    customer_id: UUID
    partition_no: int
    debt: Debt


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedPromise:
    """A promise of this customer ended by this event, which was heard on `known_date`."""

    event_id: UUID
    customer_id: UUID
    partition_no: int
    known_date: date
    end: PromiseEnd


async def load_habits(
    connection: AsyncConnection,
    customer_ids: Collection[UUID],
    *,
    as_of: date,
    since: date,
    invoice_ids: Collection[UUID] = (),
) -> dict[UUID, Habit]:
    """Return the habits as they were known at the end of `as_of`: debts open then, and those that moved since `since`.

    All instalments of the invoices that are named come too, as they stand now: what moves needs its whole invoice.
    """
    known = {"ids": sorted(customer_ids), "as_of": as_of}
    debts: dict[UUID, dict[UUID, Debt]] = {each: {} for each in customer_ids}
    promises: dict[UUID, dict[UUID, PromiseEnd]] = {each: {} for each in customer_ids}
    for row in await connection.execute(_DEBTS, {**known, "since": since}):
        debts[row.customer_id][row.instalment_id] = _debt(row)
    if invoice_ids:
        for row in await connection.execute(_OF_INVOICES, {"ids": sorted(invoice_ids)}):
            debts.get(row.customer_id, {})[row.instalment_id] = _debt(row)
    for row in await connection.execute(_PROMISES, known):
        end = PromiseEnd(promise_id=row.promise_id, outcome=row.outcome, ended_date=row.ended_date)
        promises[row.customer_id][row.promise_id] = end
    counts = {row.customer_id: row for row in await connection.execute(_COUNTS, known)}
    return {
        each: Habit(
            first_invoice_date=counts[each].first_date if each in counts else None,
            paid_invoices=counts[each].paid_invoices if each in counts else 0,
            debts=debts[each],
            promises=promises[each],
        )
        for each in customer_ids
    }


async def save_debts(connection: AsyncConnection, debts: Iterable[KnownDebt], *, today: date) -> None:
    """Keep debts as they are known at the end of `today`; what was known before stays."""
    rows = [
        {
            **row_of(each.debt),
            "customer_id": each.customer_id,
            "partition_no": each.partition_no,
            "known_from": today,
            "known_to": _UNTIL_NOW,
        }
        for each in debts
    ]
    if moved := sorted(row["instalment_id"] for row in rows if row["moved_date"] is not None):
        await connection.execute(_END_KNOWN, {"ids": moved, "today": today})
    await upsert_rows(connection, _INSTALMENT, rows)


async def add_promise_ends(connection: AsyncConnection, ended: Iterable[EndedPromise]) -> None:
    """Append how promises ended, in their order."""
    rows = [
        {
            **row_of(each.end),
            "event_id": each.event_id,
            "customer_id": each.customer_id,
            "partition_no": each.partition_no,
            "known_date": each.known_date,
            "batch_ordinal": ordinal,
        }
        for ordinal, each in enumerate(ended)
    ]
    await insert_rows(connection, _PROMISE_END, rows)


def _debt(row: Row[Any]) -> Debt:
    return Debt(**{name: getattr(row, name) for name in _DEBT.split(", ")})
