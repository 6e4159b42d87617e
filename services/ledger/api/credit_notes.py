"""Takes credit notes (L2, facts 3.7)."""

from functools import partial

from fastapi import APIRouter, Response

from services.ledger.api.credit_views import CreditNoteView, view_credit_note
from services.ledger.api.writing import CodeText, Number, TaxText, answer, minor, origin_of, refusing
from services.ledger.domain.payment import CreditNoteFacts
from services.ledger.usecases.issue_credit_notes import IssueCreditNote, IssuedCreditNote, issue_credit_notes
from shared.service import Context
from shared.web.gather import Gatherer
from shared.web.idempotency import Keyed
from shared.web.models import BusinessDate, Currency, PositiveAmountText, StrictModel
from shared.web.routing import JsonBody, router


class CreditNoteBody(StrictModel):
    """A credit note of one invoice, or of none; `total` includes `tax`."""

    entity: CodeText
    number: Number
    customer_number: Number
    invoice_number: Number | None = None
    issue_date: BusinessDate
    currency: Currency
    total: PositiveAmountText
    tax: TaxText
    reason: CodeText

    def facts(self) -> CreditNoteFacts:
        """Return what the credit note states; raise Invalid where an amount does not fit its currency."""
        return CreditNoteFacts(
            entity=self.entity,
            number=self.number,
            customer_number=self.customer_number,
            invoice_number=self.invoice_number,
            issue_date=self.issue_date,
            currency=self.currency,
            total_minor=minor(self.total, self.currency, pointer="/total"),
            tax_minor=minor(self.tax, self.currency, pointer="/tax"),
            reason=self.reason,
        )


def credit_notes_router(context: Context) -> APIRouter:
    """Return the routes of credit notes."""
    routes = router(prefix="/v1", tags=["credit notes"])
    gatherer: Gatherer[IssueCreditNote, IssuedCreditNote] = Gatherer(
        lane=context.single,
        execute=partial(issue_credit_notes, outbox=context.outbox),
        render=lambda issued: answer(201, view_credit_note(issued.note, issued.allocations)),
    )

    @routes.post("/credit-notes", status_code=201, response_model=CreditNoteView)
    async def post_credit_note(body: JsonBody[CreditNoteBody], keyed: Keyed) -> Response:
        """Record a credit note: it lowers its invoice, earliest instalment first, and the rest stays unapplied."""
        with refusing():
            facts = body.facts()
        command = IssueCreditNote(origin=origin_of(keyed, context.clock), facts=facts)
        return (await gatherer.submit(keyed.work(command, customer_ids=[command.customer_id]))).response()

    return routes
