"""Shows invoices as they stand, one or many (L2, L3)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from services.ledger.api.invoice_views import (
    InvoiceSummary,
    InvoiceView,
    LineView,
    Status,
    summarize,
    view_allocation,
    view_instalment,
)
from services.ledger.api.reading import EntityFilter, NamedCustomer, past_day
from services.ledger.store.allocations import allocations_on
from services.ledger.store.debts import load_debts
from services.ledger.store.invoice_reading import InvoiceFilter, lines_of, list_invoices
from shared.money import format_amount
from shared.service import Context
from shared.web.cursor import Listing, Page
from shared.web.keys import Reader
from shared.web.models import SingleLine
from shared.web.problem_types import NOT_FOUND
from shared.web.problems import Problem
from shared.web.routing import router


def _wanted(
    customer_id: NamedCustomer,
    entity: EntityFilter = None,
    number: Annotated[str, SingleLine(128)] | None = None,
    status: Status | None = None,
    overdue: Annotated[bool | None, Query(description="Whether something of it is past due today.")] = None,
) -> InvoiceFilter:
    return InvoiceFilter(customer_id=customer_id, entity=entity, number=number, status=status, overdue=overdue)


Wanted = Annotated[InvoiceFilter, Depends(_wanted)]


def invoice_listing_router(context: Context) -> APIRouter:
    """Return the routes that show invoices."""
    routes = router(prefix="/v1", tags=["invoices"])

    @routes.get("/invoices", response_model=Page[InvoiceSummary])
    async def get_invoices(_caller: Reader, paging: Listing, wanted: Wanted) -> object:
        """List invoices in the order of recording."""
        after = UUID(str(paging.after[0])) if paging.after else None
        async with context.reading.connect() as connection:
            day = await past_day(connection, None)
            rows = await list_invoices(connection, wanted, day=day, after=after, limit=paging.limit + 1)
        return paging.page(rows, position=lambda row: [str(row.invoice_id)], item=summarize)

    @routes.get("/invoices/{invoice_id}")
    async def get_invoice(_caller: Reader, invoice_id: UUID) -> InvoiceView:
        """Show an invoice, its instalments, and what settled them by which rule."""
        async with context.reading.connect() as connection:
            debts = list((await load_debts(connection, invoices=[invoice_id])).values())
            if not debts:
                raise Problem(NOT_FOUND)
            lines = await lines_of(connection, invoice_id)
            allocations = await allocations_on(connection, [invoice_id])
        invoice = debts[0].invoice
        return InvoiceView(
            **summarize(invoice).model_dump(),
            lines=[LineView(description=each, amount=format_amount(minor, invoice.currency)) for each, minor in lines],
            instalments=[view_instalment(debt) for debt in debts],
            allocations=[view_allocation(each) for each in allocations],
        )

    return routes
