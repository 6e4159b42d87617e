"""The append-only books: movements of debts and of credit, the journal, and the audit."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.domain.credit import Share
from shared.rows import Row, Rows, insert_rows

# Rows that are never changed need no order of locking: a key that is the same for a batch keeps them as they came.
_MOVEMENT = Rows.of(
    "movement",
    key=("recorded_day",),
    instalment_id="uuid",
    invoice_id="uuid",
    customer_id="uuid",
    partition_no="smallint",
    entity="text",
    currency="text",
    due_date="date",
    delta_minor="bigint",
    document_kind="text",
    document_id="uuid",
    rule="text",
    reason="text",
    effective_date="date",
    recorded_day="date",
    recorded_at="timestamptz",
)
_CREDIT_MOVEMENT = Rows.of(
    "credit_movement",
    key=("recorded_day",),
    credit_id="uuid",
    credit_kind="text",
    customer_id="uuid",
    partition_no="smallint",
    entity="text",
    currency="text",
    delta_minor="bigint",
    reason="text",
    effective_date="date",
    recorded_day="date",
    recorded_at="timestamptz",
)
_ENTRY = Rows.of(
    "journal_entry",
    key=("entry_id",),
    entry_id="uuid",
    entity="text",
    currency="text",
    customer_id="uuid",
    partition_no="smallint",
    posting_date="date",
    effective_date="date",
    document_kind="text",
    document_id="uuid",
    document_number="text",
    recorded_at="timestamptz",
)
_POSTING = Rows.of(
    "posting", key=("entry_id", "ordinal"), entry_id="uuid", ordinal="smallint", account="text", amount_minor="bigint"
)
_AUDIT = Rows.of(
    "audit_record",
    key=("business_date",),
    partition_no="smallint",
    customer_id="uuid",
    actor="text",
    action="text",
    subject="text",
    details="jsonb",
    effective_date="date",
    business_date="date",
    recorded_at="timestamptz",
    correlation_id="text",
)
_SHARES = text("""
    SELECT document_id, instalment_id, CAST(-sum(delta_minor) AS bigint) AS minor, effective_date
    FROM movement WHERE document_id = ANY(CAST(:ids AS uuid[])) AND document_kind NOT IN ('invoice', 'cancellation')
    GROUP BY document_id, instalment_id, effective_date HAVING sum(delta_minor) < 0
    ORDER BY document_id, effective_date DESC, instalment_id
""")


async def insert_movements(connection: AsyncConnection, movements: Sequence[Row], credit: Sequence[Row]) -> None:
    """Add movements of debts and of credit."""
    await insert_rows(connection, _MOVEMENT, movements)
    await insert_rows(connection, _CREDIT_MOVEMENT, credit)


async def insert_entries(connection: AsyncConnection, entries: Sequence[Row], postings: Sequence[Row]) -> None:
    """Add journal entries; the database refuses one that does not balance."""
    await insert_rows(connection, _ENTRY, entries)
    await insert_rows(connection, _POSTING, postings)


async def insert_audit(connection: AsyncConnection, records: Sequence[Row]) -> None:
    """Add audit records."""
    await insert_rows(connection, _AUDIT, records)


async def shares_of(connection: AsyncConnection, credit_ids: Collection[UUID]) -> dict[UUID, list[Share]]:
    """Return what each of these payments or credit notes settles now, the latest first."""
    found: dict[UUID, list[Share]] = {}
    for row in await connection.execute(_SHARES, {"ids": sorted(set(credit_ids))}):
        found.setdefault(row.document_id, []).append(Share(row.instalment_id, row.minor, row.effective_date))
    return found
