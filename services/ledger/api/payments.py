"""Takes payments, one or many (L4)."""

from functools import partial

from fastapi import APIRouter, Response

from services.ledger.api.bulk import Bulk
from services.ledger.api.credit_views import PaymentView, view_payment
from services.ledger.api.payment_shapes import PaymentBatch, PaymentBody
from services.ledger.api.writing import answer, origin_of, refusing
from services.ledger.usecases.record_payments import RecordedPayment, RecordPayment, record_payments
from shared.service import Context
from shared.web.gather import Gatherer
from shared.web.idempotency import Keyed
from shared.web.routing import JsonBody, router


def payments_router(context: Context) -> APIRouter:
    """Return the routes that record payments."""
    routes = router(prefix="/v1", tags=["payments"])
    record = partial(record_payments, outbox=context.outbox)
    singles: Gatherer[RecordPayment, RecordedPayment] = Gatherer(
        lane=context.single, execute=record, render=lambda recorded: answer(201, _recorded(recorded))
    )
    bulk = Bulk(context, body=PaymentBody, execute=record, name="payment", view=_recorded)

    @routes.post("/payments", status_code=201, response_model=PaymentView)
    async def post_payment(body: JsonBody[PaymentBody], keyed: Keyed) -> Response:
        """Record a payment; it settles debts at once, as designated or by statute, and the rest stays unapplied."""
        with refusing():
            command = RecordPayment(origin=origin_of(keyed, context.clock), facts=body.facts())
        return (await singles.submit(keyed.work(command, customer_ids=[command.customer_id]))).response()

    @routes.post("/payments/batch", status_code=207)
    async def post_payments(body: JsonBody[PaymentBatch], keyed: Keyed) -> Response:
        """Record up to 500 payments, each with an answer of its own."""
        origin = origin_of(keyed, context.clock)
        return await bulk.submit(
            keyed,
            body.items,
            command=lambda item: RecordPayment(origin=origin, facts=item.facts()),
            customer=lambda each: each.customer_id,
        )

    return routes


def _recorded(recorded: RecordedPayment) -> PaymentView:
    return view_payment(recorded.payment, recorded.allocations)
