"""Shows payments and credit notes as they stand, one or many (L4)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from services.ledger.api.credit_views import (
    CreditNoteSummary,
    CreditNoteView,
    PaymentSummary,
    PaymentView,
    summarize_credit_note,
    summarize_payment,
    view_credit_note,
    view_payment,
)
from services.ledger.api.reading import EntityFilter, NamedCustomer
from services.ledger.domain.credit import Credit, Kind
from services.ledger.store.allocations import Allocation, allocations_of
from services.ledger.store.credit_reading import list_credits
from services.ledger.store.credits import load_credits
from shared.service import Context
from shared.web.cursor import Listing, Page
from shared.web.keys import Reader
from shared.web.models import SingleLine
from shared.web.problem_types import NOT_FOUND
from shared.web.problems import Problem
from shared.web.routing import router

NumberFilter = Annotated[str, SingleLine(128)] | None


def credit_listing_router(context: Context) -> APIRouter:
    """Return the routes that show payments and credit notes."""
    routes = router(prefix="/v1")

    @routes.get("/payments", response_model=Page[PaymentSummary], tags=["payments"])
    async def get_payments(
        _caller: Reader,
        paging: Listing,
        customer_id: NamedCustomer,
        entity: EntityFilter = None,
        reference: NumberFilter = None,
    ) -> object:
        """List payments in the order of recording."""
        after = UUID(str(paging.after[0])) if paging.after else None
        async with context.reading.connect() as connection:
            rows = await list_credits(
                connection,
                "payment",
                customer_id=customer_id,
                entity=entity,
                number=reference,
                after=after,
                limit=paging.limit + 1,
            )
        return paging.page(rows, position=_position, item=summarize_payment)

    @routes.get("/payments/{payment_id}", tags=["payments"])
    async def get_payment(_caller: Reader, payment_id: UUID) -> PaymentView:
        """Show a payment and what it settled, by which rule and why."""
        return view_payment(*await _one(context, payment_id, "payment"))

    @routes.get("/credit-notes", response_model=Page[CreditNoteSummary], tags=["credit notes"])
    async def get_credit_notes(
        _caller: Reader,
        paging: Listing,
        customer_id: NamedCustomer,
        entity: EntityFilter = None,
        number: NumberFilter = None,
    ) -> object:
        """List credit notes in the order of recording."""
        after = UUID(str(paging.after[0])) if paging.after else None
        async with context.reading.connect() as connection:
            rows = await list_credits(
                connection,
                "credit_note",
                customer_id=customer_id,
                entity=entity,
                number=number,
                after=after,
                limit=paging.limit + 1,
            )
        return paging.page(rows, position=_position, item=summarize_credit_note)

    @routes.get("/credit-notes/{credit_note_id}", tags=["credit notes"])
    async def get_credit_note(_caller: Reader, credit_note_id: UUID) -> CreditNoteView:
        """Show a credit note and what it settled."""
        return view_credit_note(*await _one(context, credit_note_id, "credit_note"))

    return routes


async def _one(context: Context, credit_id: UUID, kind: Kind) -> tuple[Credit, list[Allocation]]:
    async with context.reading.connect() as connection:
        credit = (await load_credits(connection, [credit_id])).get(credit_id)
        if credit is None or credit.kind != kind:
            raise Problem(NOT_FOUND)
        return credit, (await allocations_of(connection, [credit_id])).get(credit_id, [])


def _position(credit: Credit) -> list[str | int | None]:
    return [str(credit.credit_id)]
