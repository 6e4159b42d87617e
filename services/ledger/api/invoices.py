"""Takes invoices, one or many, and their cancellations (L2)."""

from functools import partial
from uuid import UUID

from fastapi import APIRouter, Response

from services.ledger.api.bulk import Bulk
from services.ledger.api.invoice_shapes import CancellationBody, InvoiceBatch, InvoiceBody
from services.ledger.api.invoice_views import InvoiceSummary, IssuedInvoiceView, summarize, view_issued
from services.ledger.api.writing import answer, origin_of, refusing
from services.ledger.store.invoices import get_invoices
from services.ledger.usecases.cancel_invoices import CancelInvoice, CancelledInvoice, cancel_invoices
from services.ledger.usecases.invoice_commands import IssuedInvoice, IssueInvoice
from services.ledger.usecases.issue_invoices import issue_invoices
from shared.service import Context
from shared.web.gather import Gatherer
from shared.web.idempotency import Keyed
from shared.web.problem_types import NOT_FOUND
from shared.web.problems import Problem
from shared.web.routing import JsonBody, router


def invoices_router(context: Context) -> APIRouter:
    """Return the routes that issue and cancel invoices."""
    routes = router(prefix="/v1", tags=["invoices"])
    issue = partial(issue_invoices, outbox=context.outbox)
    singles: Gatherer[IssueInvoice, IssuedInvoice] = Gatherer(
        lane=context.single, execute=issue, render=lambda issued: answer(201, _issued(issued))
    )
    bulk = Bulk(context, body=InvoiceBody, execute=issue, name="invoice", view=_issued)
    cancellations: Gatherer[CancelInvoice, CancelledInvoice] = Gatherer(
        lane=context.single,
        execute=partial(cancel_invoices, outbox=context.outbox),
        render=lambda cancelled: answer(201, summarize(cancelled.invoice)),
    )

    @routes.post("/invoices", status_code=201, response_model=IssuedInvoiceView)
    async def post_invoice(body: JsonBody[InvoiceBody], keyed: Keyed) -> Response:
        """Record an invoice. Dated up to 31 days ahead, it is pending and counts from its issue date."""
        with refusing():
            command = IssueInvoice(origin=origin_of(keyed, context.clock), facts=body.facts())
        return (await singles.submit(keyed.work(command, customer_ids=[command.customer_id]))).response()

    @routes.post("/invoices/batch", status_code=207)
    async def post_invoices(body: JsonBody[InvoiceBatch], keyed: Keyed) -> Response:
        """Record up to 500 invoices, each with an answer of its own."""
        origin = origin_of(keyed, context.clock)
        return await bulk.submit(
            keyed,
            body.items,
            command=lambda item: IssueInvoice(origin=origin, facts=item.facts()),
            customer=lambda each: each.customer_id,
        )

    @routes.post("/invoices/{invoice_id}/cancellation", status_code=201, response_model=InvoiceSummary)
    async def post_cancellation(invoice_id: UUID, body: JsonBody[CancellationBody], keyed: Keyed) -> Response:
        """Cancel an invoice of which nothing was paid or credited."""
        async with context.reading.connect() as connection:
            invoice = (await get_invoices(connection, [invoice_id])).get(invoice_id)
        if invoice is None:
            raise Problem(NOT_FOUND)
        command = CancelInvoice(
            origin=origin_of(keyed, context.clock), invoice_id=invoice_id, number=body.number, reason=body.reason
        )
        return (await cancellations.submit(keyed.work(command, customer_ids=[invoice.customer_id]))).response()

    return routes


def _issued(issued: IssuedInvoice) -> IssuedInvoiceView:
    return view_issued(issued.invoice, issued.debts, issued.warnings)
