"""The payments, credit notes, refunds and reversals: what gives customers credit, and takes it back."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import fields
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.domain.credit import Credit
from shared.rows import Row, Rows, insert_rows, update_rows

_PAYMENT = Rows.of(
    "payment",
    key=("payment_id",),
    payment_id="uuid",
    entity="text",
    customer_id="uuid",
    customer_number="text",
    partition_no="smallint",
    source="text",
    reference="text",
    received_date="date",
    currency="text",
    amount_minor="bigint",
    unapplied_minor="bigint",
    remittance="jsonb",
    content_hash="bytea",
    recorded_day="date",
    recorded_at="timestamptz",
)
_CREDIT_NOTE = Rows.of(
    "credit_note",
    key=("credit_note_id",),
    credit_note_id="uuid",
    entity="text",
    number="text",
    customer_id="uuid",
    customer_number="text",
    partition_no="smallint",
    invoice_id="uuid",
    issue_date="date",
    currency="text",
    tax_minor="bigint",
    total_minor="bigint",
    unapplied_minor="bigint",
    reason="text",
    content_hash="bytea",
    recorded_day="date",
    recorded_at="timestamptz",
)
_REVERSAL = Rows.of(
    "payment_reversal",
    key=("payment_id",),
    payment_id="uuid",
    reason="text",
    reversed_date="date",
    recorded_day="date",
    recorded_at="timestamptz",
)
_REFUND = Rows.of(
    "refund",
    key=("refund_id",),
    refund_id="uuid",
    payment_id="uuid",
    reference="text",
    amount_minor="bigint",
    refunded_date="date",
    recorded_day="date",
    recorded_at="timestamptz",
)
_PAYMENT_BALANCE = Rows.of(
    "payment",
    key=("payment_id",),
    payment_id="uuid",
    unapplied_minor="bigint",
    refunded_minor="bigint",
    reversed_minor="bigint",
)
_NOTE_BALANCE = Rows.of("credit_note", key=("credit_note_id",), credit_note_id="uuid", unapplied_minor="bigint")
# Payments and credit notes are read in the order of the domain's fields.
_CREDIT_FIELDS = tuple(each.name for each in fields(Credit))
_PAYMENTS = """
    SELECT payment_id, 'payment', reference, entity, customer_id, partition_no, currency, received_date, amount_minor,
           unapplied_minor, refunded_minor, reversed_minor, source, content_hash
    FROM payment
"""
_NOTES = """
    SELECT credit_note_id, 'credit_note', number, entity, customer_id, partition_no, currency, issue_date, total_minor,
           unapplied_minor, 0, 0, '', content_hash
    FROM credit_note
"""
_FIND_PAYMENTS = text(f"""
    {_PAYMENTS} JOIN unnest(CAST(:entities AS text[]), CAST(:sources AS text[]), CAST(:refs AS text[]))
    AS r(entity, source, reference) USING (entity, source, reference)
""")
_FIND_NOTES = text(f"""
    {_NOTES} JOIN unnest(CAST(:entities AS text[]), CAST(:numbers AS text[])) AS r(entity, number)
    USING (entity, number)
""")
_LOAD = text(f"""
    {_PAYMENTS} WHERE payment_id = ANY(CAST(:ids AS uuid[])) UNION ALL
    {_NOTES} WHERE credit_note_id = ANY(CAST(:ids AS uuid[]))
""")
_REFUND_REFERENCES = text("SELECT payment_id, reference FROM refund WHERE payment_id = ANY(CAST(:ids AS uuid[]))")


class RecordedCredit(NamedTuple):
    """A payment or credit note that was recorded before, and the hash of what was said then."""

    credit: Credit
    content_hash: bytes


async def find_payments(
    connection: AsyncConnection, keys: Collection[tuple[str, str, str]]
) -> dict[tuple[str, str, str], RecordedCredit]:
    """Return the recorded ones of these payments by entity, source and reference."""
    ordered = sorted(set(keys))
    names = ("entities", "sources", "refs")
    parameters = {name: [key[index] for key in ordered] for index, name in enumerate(names)}
    rows = await connection.execute(_FIND_PAYMENTS, parameters)
    return {(row.entity, row.source, row.reference): RecordedCredit(_credit(row), row.content_hash) for row in rows}


async def find_credit_notes(
    connection: AsyncConnection, keys: Collection[tuple[str, str]]
) -> dict[tuple[str, str], RecordedCredit]:
    """Return the recorded ones of these credit notes by entity and number."""
    ordered = sorted(set(keys))
    parameters = {"entities": [entity for entity, _ in ordered], "numbers": [number for _, number in ordered]}
    rows = await connection.execute(_FIND_NOTES, parameters)
    return {(row.entity, row.number): RecordedCredit(_credit(row), row.content_hash) for row in rows}


async def load_credits(connection: AsyncConnection, ids: Collection[UUID]) -> dict[UUID, Credit]:
    """Return payments and credit notes by id."""
    rows = await connection.execute(_LOAD, {"ids": sorted(set(ids))})
    return {row[0]: _credit(row) for row in rows}


async def load_payments(connection: AsyncConnection, ids: Collection[UUID]) -> dict[UUID, Credit]:
    """Return payments by id."""
    return {key: each for key, each in (await load_credits(connection, ids)).items() if each.kind == "payment"}


async def refund_references(connection: AsyncConnection, ids: Collection[UUID]) -> set[tuple[UUID, str]]:
    """Return the references of the refunds of these payments."""
    return {
        (row.payment_id, row.reference)
        for row in await connection.execute(_REFUND_REFERENCES, {"ids": sorted(set(ids))})
    }


async def insert_payments(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """Record new payments."""
    await insert_rows(connection, _PAYMENT, rows)


async def insert_credit_notes(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """Record new credit notes."""
    await insert_rows(connection, _CREDIT_NOTE, rows)


async def insert_reversals(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """Record that payments bounced."""
    await insert_rows(connection, _REVERSAL, rows)


async def insert_refunds(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """Record that money was given back."""
    await insert_rows(connection, _REFUND, rows)


async def save_credits(connection: AsyncConnection, credits_: Iterable[Credit]) -> None:
    """Save the balances of payments and credit notes."""
    changed = list(credits_)
    payments = [each for each in changed if each.kind == "payment"]
    notes = [each for each in changed if each.kind == "credit_note"]
    await update_rows(connection, _PAYMENT_BALANCE, [_payment_balance(each) for each in payments])
    await update_rows(connection, _NOTE_BALANCE, [_note_balance(each) for each in notes])


def _payment_balance(credit: Credit) -> dict[str, Any]:
    return {
        "payment_id": credit.credit_id,
        "unapplied_minor": credit.unapplied_minor,
        "refunded_minor": credit.refunded_minor,
        "reversed_minor": credit.reversed_minor,
    }


def _note_balance(credit: Credit) -> dict[str, Any]:
    return {"credit_note_id": credit.credit_id, "unapplied_minor": credit.unapplied_minor}


def _credit(row: Any) -> Credit:
    return Credit(**dict(zip(_CREDIT_FIELDS, row, strict=False)))
