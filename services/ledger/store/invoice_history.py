"""Reads how an invoice's open amount came to be what it was on a day, as known then or as known now (L9, L17)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.domain.terms import TermsSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One change of an instalment's open amount; `open_after_minor` is open once it is recorded."""

    ordinal: int
    due_date: date
    delta_minor: int
    open_after_minor: int
    document_kind: str
    document_id: UUID
    rule: str
    reason: str
    effective_date: date
    recorded_day: date
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceHead:
    """What a history is about."""

    invoice_id: UUID
    customer_id: UUID
    entity: str
    number: str
    currency: str
    terms_source: TermsSource | None


_HEAD = text("""
    SELECT invoice_id, customer_id, entity, number, CAST(currency AS text) AS currency, terms_source
    FROM invoice WHERE invoice_id = :invoice_id
""")
_MOVEMENTS = text("""
    SELECT i.ordinal, m.due_date, m.delta_minor, m.document_kind, m.document_id, m.rule, m.reason,
        CAST(sum(m.delta_minor) OVER (PARTITION BY m.instalment_id ORDER BY m.id) AS bigint) AS open_after_minor,
        m.effective_date, m.recorded_day, m.recorded_at
    FROM movement AS m JOIN instalment AS i USING (instalment_id)
    WHERE m.invoice_id = :invoice_id
        AND m.effective_date <= CAST(:as_of AS date)
        AND (NOT CAST(:known_then AS boolean) OR m.recorded_day <= CAST(:as_of AS date))
    ORDER BY m.id
""")


async def invoice_head(connection: AsyncConnection, invoice_id: UUID) -> InvoiceHead | None:
    """Return the invoice with this id, if there is one."""
    row = (await connection.execute(_HEAD, {"invoice_id": invoice_id})).mappings().one_or_none()
    return None if row is None else InvoiceHead(**row)


async def movements(connection: AsyncConnection, invoice_id: UUID, *, as_of: date, known_then: bool) -> Sequence[Moved]:
    """Return the changes effective by `as_of`, in the order of recording; with `known_then` those recorded by then."""
    parameters = {"invoice_id": invoice_id, "as_of": as_of, "known_then": known_then}
    rows = await connection.execute(_MOVEMENTS, parameters)
    return [Moved(**row) for row in rows.mappings()]
