"""Takes what happens to a payment later: bounces, refunds, and allocations by agreement (L4, L5)."""

from functools import partial
from uuid import UUID

from fastapi import APIRouter, Response

from services.ledger.api.credit_views import CreditView, view_credit
from services.ledger.api.payment_shapes import AgreementBody, RefundBody, ReversalBody
from services.ledger.api.writing import answer, minor, origin_of, refusing
from services.ledger.domain.credit import Credit, Kind
from services.ledger.store.credits import load_credits
from services.ledger.usecases.allocate_credits import AllocateCredit, allocate_credits
from services.ledger.usecases.refund_payments import RefundPayment, refund_payments
from services.ledger.usecases.reverse_payments import ReversePayment, reverse_payments
from shared.service import Context
from shared.web.gather import Gatherer
from shared.web.idempotency import Keyed, StoredAnswer
from shared.web.problem_types import NOT_FOUND
from shared.web.problems import Problem
from shared.web.routing import JsonBody, router


def payment_changes_router(context: Context) -> APIRouter:
    """Return the routes that change what a payment or credit note does."""
    routes = router(prefix="/v1", tags=["payments"])
    reversals: Gatherer[ReversePayment, Credit] = Gatherer(
        lane=context.single, execute=partial(reverse_payments, outbox=context.outbox), render=_shown
    )
    refunds: Gatherer[RefundPayment, Credit] = Gatherer(
        lane=context.single, execute=partial(refund_payments, outbox=context.outbox), render=_shown
    )
    allocations: Gatherer[AllocateCredit, Credit] = Gatherer(
        lane=context.single, execute=partial(allocate_credits, outbox=context.outbox), render=_shown
    )

    async def allocate(credit: Credit, body: AgreementBody, keyed: Keyed) -> Response:
        with refusing():
            lines = body.lines(credit.currency)
        command = AllocateCredit(
            origin=origin_of(keyed, context.clock), credit_id=credit.credit_id, lines=lines, replace=body.replace
        )
        return (await allocations.submit(keyed.work(command, customer_ids=[credit.customer_id]))).response()

    @routes.post("/payments/{payment_id}/reversal", status_code=201, response_model=CreditView)
    async def post_reversal(payment_id: UUID, body: JsonBody[ReversalBody], keyed: Keyed) -> Response:
        """Reverse a payment that bounced: what it had settled is open again with its original age."""
        payment = await _known(context, payment_id, "payment")
        command = ReversePayment(
            origin=origin_of(keyed, context.clock),
            payment_id=payment_id,
            reason=body.reason,
            reversed_date=body.reversed_date,
        )
        return (await reversals.submit(keyed.work(command, customer_ids=[payment.customer_id]))).response()

    @routes.post("/payments/{payment_id}/refund", status_code=201, response_model=CreditView)
    async def post_refund(payment_id: UUID, body: JsonBody[RefundBody], keyed: Keyed) -> Response:
        """Give unapplied money back to the payer."""
        payment = await _known(context, payment_id, "payment")
        with refusing():
            amount = minor(body.amount, payment.currency, pointer="/amount")
        command = RefundPayment(
            origin=origin_of(keyed, context.clock),
            payment_id=payment_id,
            reference=body.reference,
            minor=amount,
            refunded_date=body.refunded_date,
        )
        return (await refunds.submit(keyed.work(command, customer_ids=[payment.customer_id]))).response()

    @routes.post("/payments/{payment_id}/allocations", status_code=201, response_model=CreditView)
    async def post_payment_allocations(payment_id: UUID, body: JsonBody[AgreementBody], keyed: Keyed) -> Response:
        """Let a payment settle debts as people agreed."""
        return await allocate(await _known(context, payment_id, "payment"), body, keyed)

    @routes.post("/credit-notes/{credit_note_id}/allocations", status_code=201, response_model=CreditView)
    async def post_credit_note_allocations(
        credit_note_id: UUID, body: JsonBody[AgreementBody], keyed: Keyed
    ) -> Response:
        """Let a credit note settle debts as people agreed."""
        return await allocate(await _known(context, credit_note_id, "credit_note"), body, keyed)

    return routes


async def _known(context: Context, credit_id: UUID, kind: Kind) -> Credit:
    async with context.reading.connect() as connection:
        credit = (await load_credits(connection, [credit_id])).get(credit_id)
    if credit is None or credit.kind != kind:
        raise Problem(NOT_FOUND)
    return credit


def _shown(credit: Credit) -> StoredAnswer:
    return answer(201, view_credit(credit))
