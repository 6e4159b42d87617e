"""Shows who did what and when, by the two clocks (L17)."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from services.ledger.api.reading import NamedCustomer
from services.ledger.store.audit_reading import AuditFilter, AuditRecord, audit_records
from shared.service import Context
from shared.web.cursor import Listing, Page
from shared.web.keys import Reader
from shared.web.models import BusinessDate, SingleLine
from shared.web.routing import router

From = Annotated[BusinessDate | None, Query(alias="from", description="Recorded on this business day or later.")]


class AuditShown(BaseModel):
    """One thing that somebody did: when it took effect, on which business day and when it was recorded."""

    customer_id: UUID | None
    actor: str
    action: str
    subject: str
    details: dict[str, Any]
    effective_date: date
    business_date: date
    recorded_at: datetime
    correlation_id: str


def _filter(
    customer_id: NamedCustomer,
    subject: Annotated[str, SingleLine(200)] | None = None,
    actor: Annotated[str, SingleLine(64)] | None = None,
    first: Annotated[
        BusinessDate | None, Query(alias="from", description="Recorded on this business day or later.")
    ] = None,
) -> AuditFilter:
    return AuditFilter(subject=subject, actor=actor, customer_id=customer_id, first=first)


Asked = Annotated[AuditFilter, Depends(_filter)]


def audit_router(context: Context) -> APIRouter:
    """Return the audit."""
    routes = router(prefix="/v1", tags=["reports"])

    @routes.get("/audit")
    async def audit(_caller: Reader, paging: Listing, asked: Asked) -> Page[AuditShown]:
        """List what was done, in the order of recording."""
        after = int(paging.after[0] or 0) if paging.after else 0
        async with context.reading.connect() as connection:
            rows = await audit_records(connection, asked, limit=paging.limit + 1, after=after)
        return Page(
            items=[_record(each) for each in rows[: paging.limit]],
            next_cursor=paging.next_cursor(rows, lambda row: [row.id]),
        )

    return routes


def _record(record: AuditRecord) -> AuditShown:
    return AuditShown.model_validate(record, from_attributes=True)
