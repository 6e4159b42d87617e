"""What settled which instalment, by which rule and why, as the movements tell it (L5)."""

from collections.abc import Collection
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_SELECT = """
    SELECT m.document_kind, m.document_id, m.invoice_id, v.number, m.currency, i.ordinal, -m.delta_minor, m.rule,
           m.reason, m.effective_date, m.recorded_day
    FROM movement AS m JOIN instalment AS i USING (instalment_id) JOIN invoice AS v ON v.invoice_id = m.invoice_id
"""
_BY_CREDIT = text(f"""
    {_SELECT} WHERE m.document_id = ANY(CAST(:ids AS uuid[])) AND m.document_kind NOT IN ('invoice', 'cancellation')
    ORDER BY m.id
""")
_BY_INVOICE = text(f"""
    {_SELECT} WHERE m.invoice_id = ANY(CAST(:ids AS uuid[])) AND m.document_kind <> 'invoice' ORDER BY m.id
""")


class Allocation(NamedTuple):
    """A movement of one instalment: `minor` is what it was lowered by, and negative where it was opened again."""

    document_kind: str
    document_id: UUID
    invoice_id: UUID
    invoice_number: str
    currency: str
    ordinal: int
    minor: int
    rule: str
    reason: str
    effective_date: date
    recorded_day: date


async def allocations_of(connection: AsyncConnection, credit_ids: Collection[UUID]) -> dict[UUID, list[Allocation]]:
    """Return what these payments and credit notes did to instalments, by payment or credit note, in order."""
    found: dict[UUID, list[Allocation]] = {}
    if credit_ids:
        for row in await connection.execute(_BY_CREDIT, {"ids": sorted(set(credit_ids))}):
            found.setdefault(row.document_id, []).append(Allocation(*row))
    return found


async def allocations_on(connection: AsyncConnection, invoice_ids: Collection[UUID]) -> list[Allocation]:
    """Return what was done to the instalments of these invoices after they were issued, in order."""
    return [Allocation(*row) for row in await connection.execute(_BY_INVOICE, {"ids": sorted(set(invoice_ids))})]
