"""Invoices as they are listed and shown."""

from dataclasses import asdict, dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.domain.debt import Invoice
from services.ledger.store.invoices import INVOICE_FIELDS, invoice_of

_STATUS = {
    "pending": "v.state = 'pending'",
    "open": "v.state = 'issued' AND v.open_minor > 0",
    "settled": "v.state = 'issued' AND v.open_minor = 0",
    "cancelled": "v.state = 'cancelled'",
}
_OVERDUE = (
    "EXISTS (SELECT FROM instalment AS i WHERE i.invoice_id = v.invoice_id AND i.open_minor > 0 AND i.due_date < :day)"
)
_BEHIND = """
    (v.recorded_at, v.invoice_id) > (SELECT a.recorded_at, a.invoice_id FROM invoice AS a WHERE a.invoice_id = :after)
"""
_ORDER = "ORDER BY v.recorded_at, v.invoice_id"
_LINES = text("SELECT lines FROM invoice WHERE invoice_id = :invoice_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceFilter:
    """Which invoices are wanted; None asks for all."""

    customer_id: UUID | None = None
    entity: str | None = None
    number: str | None = None
    status: str | None = None
    overdue: bool | None = None


async def list_invoices(
    connection: AsyncConnection, wanted: InvoiceFilter, *, day: date, after: UUID | None, limit: int
) -> list[Invoice]:
    """Return the invoices behind `after`, in the order of recording; what is overdue is so on `day`."""
    conditions = [_BEHIND if after else "true"]
    conditions += [f"v.{name} = :{name}" for name in ("customer_id", "entity", "number") if getattr(wanted, name)]
    if wanted.status is not None:
        conditions.append(_STATUS[wanted.status])
    if wanted.overdue is not None:
        conditions.append(_OVERDUE if wanted.overdue else f"NOT {_OVERDUE}")
    columns = ", ".join(f"v.{name}" for name in INVOICE_FIELDS)
    query = f"SELECT {columns} FROM invoice AS v WHERE {' AND '.join(conditions)} {_ORDER} LIMIT :limit"
    parameters = {**asdict(wanted), "day": day, "after": after, "limit": limit}
    used = {name: value for name, value in parameters.items() if f":{name}" in query}
    return [invoice_of(row) for row in await connection.execute(text(query), used)]


async def lines_of(connection: AsyncConnection, invoice_id: UUID) -> list[tuple[str, int]]:
    """Return what an invoice's lines say, and their amounts in minor units."""
    lines = (await connection.execute(_LINES, {"invoice_id": invoice_id})).scalar_one()
    return [(line["description"], line["minor"]) for line in lines]
