"""The invoices with their instalments, as they are recorded and found again."""

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.domain.debt import Invoice
from shared.rows import Row, Rows, insert_rows

INVOICE_FIELDS = tuple(each.name for each in fields(Invoice))
"""The columns of an invoice that its balance depends on, in the order of the domain's fields."""

_INVOICE = Rows.of(
    "invoice",
    key=("invoice_id",),
    invoice_id="uuid",
    entity="text",
    number="text",
    customer_id="uuid",
    customer_number="text",
    partition_no="smallint",
    contract_id="uuid",
    order_number="text",
    issue_date="date",
    currency="text",
    lines="jsonb",
    tax_minor="bigint",
    total_minor="bigint",
    open_minor="bigint",
    penalty_pct_per_day="numeric",
    security_rank="smallint",
    last_effective_date="date",
    state="text",
    terms_source="text",
    content_hash="bytea",
    recorded_day="date",
    recorded_at="timestamptz",
)
_INSTALMENT = Rows.of(
    "instalment",
    key=("invoice_id", "ordinal"),
    instalment_id="uuid",
    invoice_id="uuid",
    ordinal="smallint",
    customer_id="uuid",
    partition_no="smallint",
    entity="text",
    currency="text",
    due_date="date",
    amount_minor="bigint",
    open_minor="bigint",
    open_at_due_minor="bigint",
    open_from_date="date",
    episode="smallint",
    overdue_date="date",
)
_CANCELLATION = Rows.of(
    "cancellation",
    key=("invoice_id",),
    invoice_id="uuid",
    entity="text",
    number="text",
    reason="text",
    recorded_day="date",
    recorded_at="timestamptz",
)
_COLUMNS = ", ".join(f"v.{name}" for name in INVOICE_FIELDS)
_FIND = text(f"""
    SELECT {_COLUMNS}, v.content_hash FROM invoice AS v
    JOIN unnest(CAST(:entities AS text[]), CAST(:numbers AS text[])) AS r(entity, number) USING (entity, number)
""")
_BY_ID = text(f"SELECT {_COLUMNS} FROM invoice AS v WHERE v.invoice_id = ANY(CAST(:ids AS uuid[]))")
_PENDING = text("""
    SELECT invoice_id, customer_id FROM invoice WHERE state = 'pending' AND issue_date <= :day
    ORDER BY issue_date, invoice_id LIMIT :limit
""")
_CANCELLED = text("SELECT invoice_id, number, reason FROM cancellation WHERE invoice_id = ANY(CAST(:ids AS uuid[]))")


class RecordedInvoice(NamedTuple):
    """An invoice that was recorded before, and the hash of what was said then."""

    invoice: Invoice
    content_hash: bytes


async def find_invoices(
    connection: AsyncConnection, keys: Collection[tuple[str, str]]
) -> dict[tuple[str, str], RecordedInvoice]:
    """Return the recorded ones of these invoices by entity and number."""
    if not keys:
        return {}
    ordered = sorted(set(keys))
    parameters = {"entities": [entity for entity, _ in ordered], "numbers": [number for _, number in ordered]}
    found = [RecordedInvoice(invoice_of(row[:-1]), row[-1]) for row in await connection.execute(_FIND, parameters)]
    return {(each.invoice.entity, each.invoice.number): each for each in found}


async def get_invoices(connection: AsyncConnection, ids: Collection[UUID]) -> dict[UUID, Invoice]:
    """Return invoices by id."""
    rows = await connection.execute(_BY_ID, {"ids": sorted(set(ids))})
    return {row[0]: invoice_of(row) for row in rows}


async def pending_invoices(connection: AsyncConnection, *, day: date, limit: int) -> list[tuple[UUID, UUID]]:
    """Return invoices, each with its customer, that wait for `day` or an earlier one."""
    rows = await connection.execute(_PENDING, {"day": day, "limit": limit})
    return [(row.invoice_id, row.customer_id) for row in rows]


async def insert_invoices(connection: AsyncConnection, invoices: Sequence[Row], instalments: Sequence[Row]) -> None:
    """Record new invoices with their instalments."""
    await insert_rows(connection, _INVOICE, invoices)
    await insert_rows(connection, _INSTALMENT, instalments)


async def cancellations_of(connection: AsyncConnection, ids: Collection[UUID]) -> dict[UUID, tuple[str, str]]:
    """Return number and reason of the cancellations of these invoices."""
    rows = await connection.execute(_CANCELLED, {"ids": sorted(set(ids))})
    return {row.invoice_id: (row.number, row.reason) for row in rows}


async def insert_cancellations(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """Record the documents that cancel invoices."""
    await insert_rows(connection, _CANCELLATION, rows)


def invoice_of(row: Sequence[Any]) -> Invoice:
    """Return the invoice in a row of INVOICE_FIELDS."""
    return Invoice(**dict(zip(INVOICE_FIELDS, row, strict=True)))
