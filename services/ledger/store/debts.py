"""The instalments as debts: loaded for a whole batch in one statement, saved each once."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import fields
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.domain.debt import Debt, Invoice
from services.ledger.store.invoices import INVOICE_FIELDS, invoice_of
from shared.rows import Rows, update_rows

DEBT_FIELDS = tuple(each.name for each in fields(Debt) if each.name != "invoice")
"""The columns of an instalment that its balance depends on, in the order of the domain's fields."""

_DEBT = Rows.of(
    "instalment",
    key=("instalment_id",),
    instalment_id="uuid",
    open_minor="bigint",
    open_at_due_minor="bigint",
    open_from_date="date",
    episode="smallint",
    overdue_date="date",
)
_INVOICE = Rows.of(
    "invoice", key=("invoice_id",), invoice_id="uuid", open_minor="bigint", last_effective_date="date", state="text"
)
_LOAD = text(f"""
    SELECT {", ".join(f"v.{name}" for name in INVOICE_FIELDS)}, {", ".join(f"i.{name}" for name in DEBT_FIELDS)}
    FROM instalment AS i JOIN invoice AS v USING (invoice_id)
    WHERE i.instalment_id IN (
        SELECT instalment_id FROM instalment WHERE customer_id = ANY(CAST(:customers AS uuid[])) AND open_minor > 0
        UNION SELECT instalment_id FROM instalment WHERE invoice_id = ANY(CAST(:invoices AS uuid[]))
        UNION SELECT unnest(CAST(:instalments AS uuid[]))
    )
    ORDER BY v.number, i.ordinal
""")
_UNMARKED = text("""
    SELECT instalment_id, customer_id FROM instalment
    WHERE open_minor > 0 AND overdue_date IS NULL AND due_date < :day ORDER BY due_date, instalment_id LIMIT :limit
""")
_DISPUTED = text("""
    UPDATE instalment AS i SET disputed_minor = i.disputed_minor + r.delta
    FROM (SELECT id, sum(delta) AS delta FROM unnest(CAST(:ids AS uuid[]), CAST(:deltas AS bigint[])) AS u(id, delta)
          GROUP BY id) AS r
    WHERE i.instalment_id = r.id
""")


async def load_debts(
    connection: AsyncConnection,
    *,
    customers: Collection[UUID] = (),
    invoices: Collection[UUID] = (),
    instalments: Collection[UUID] = (),
) -> dict[UUID, Debt]:
    """Return what these customers owe, all instalments of these invoices, and these instalments, by id."""
    parameters = {"customers": sorted(customers), "invoices": sorted(invoices), "instalments": sorted(instalments)}
    known: dict[UUID, Invoice] = {}
    debts = (_debt(row, known) for row in await connection.execute(_LOAD, parameters))
    return {debt.instalment_id: debt for debt in debts}


async def save_debts(connection: AsyncConnection, debts: Iterable[Debt]) -> None:
    """Save the balances of these debts and of their invoices."""
    changed = list(debts)
    invoices = {debt.invoice.invoice_id: debt.invoice for debt in changed}
    await update_rows(connection, _INVOICE, [_balance(each) for each in invoices.values()])
    await update_rows(connection, _DEBT, [_standing(each) for each in changed])


async def unmarked_debts(connection: AsyncConnection, *, day: date, limit: int) -> list[tuple[UUID, UUID]]:
    """Return instalments, each with its customer, that were due before `day` and are open, and nobody has said so."""
    rows = await connection.execute(_UNMARKED, {"day": day, "limit": limit})
    return [(row.instalment_id, row.customer_id) for row in rows]


async def add_disputed(connection: AsyncConnection, deltas: Iterable[tuple[UUID, int]]) -> None:
    """Add to the contested amounts of instalments."""
    changes = sorted(deltas)
    if not changes:
        return
    parameters = {"ids": [each for each, _ in changes], "deltas": [delta for _, delta in changes]}
    await connection.execute(_DISPUTED, parameters)


def _debt(row: Sequence[Any], known: dict[UUID, Invoice]) -> Debt:
    split = len(INVOICE_FIELDS)
    invoice = known.get(row[0]) or known.setdefault(row[0], invoice_of(row[:split]))
    return Debt(invoice=invoice, **dict(zip(DEBT_FIELDS, row[split:], strict=True)))


def _balance(invoice: Invoice) -> dict[str, Any]:
    return {
        "invoice_id": invoice.invoice_id,
        "open_minor": invoice.open_minor,
        "last_effective_date": invoice.last_effective_date,
        "state": invoice.state,
    }


def _standing(debt: Debt) -> dict[str, Any]:
    return {name: getattr(debt, name) for name, _ in _DEBT.types}
