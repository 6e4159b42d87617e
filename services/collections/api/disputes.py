"""Disputes over HTTP (K10)."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field
from sqlalchemy import Row

from services.collections.api.asking import Code, EntityCode, ask, find, gather
from services.collections.api.shown import DisputeReceipt, DisputeShown, answer, fitting, money
from services.collections.domain.records import Dispute
from services.collections.store.listings import DISPUTES, list_records
from services.collections.usecases.settle_disputes import (
    OpenDispute,
    ResolveDispute,
    open_disputes,
    resolve_disputes,
)
from shared.ids import customer_id_of
from shared.service import Context
from shared.web.cursor import Listing, Page
from shared.web.customers import CustomerNumber, NamedCustomer
from shared.web.idempotency import Keyed, StoredAnswer
from shared.web.keys import Reader
from shared.web.models import PositiveAmountText, SingleLine, StrictModel
from shared.web.routing import JsonBody, router


class DisputeBody(StrictModel):
    """An amount, in the invoice's currency, that is contested; `ordinal` where there are several instalments."""

    entity: EntityCode
    customer_number: CustomerNumber
    invoice_number: Annotated[str, SingleLine(128)]
    ordinal: Annotated[int, Field(ge=1, le=1000)] | None = None
    amount: PositiveAmountText
    reason: Code


class ResolutionBody(StrictModel):
    """How the dispute ends; `credited` is needed where it is partly credited."""

    outcome: Literal["credited", "partly_credited", "rejected", "withdrawn"]
    credited: PositiveAmountText | None = None


def disputes_router(context: Context) -> APIRouter:
    """Return the routes of disputes."""
    routes = router(prefix="/v1/disputes", tags=["disputes"])
    opening = gather(context, open_disputes, _opened)
    resolving = gather(context, resolve_disputes, _resolved)

    @routes.post("", status_code=201, response_model=DisputeReceipt)
    async def contest(body: JsonBody[DisputeBody], keyed: Keyed) -> Response:
        """Open a dispute: only this amount rests."""
        customer_id = customer_id_of(body.customer_number)
        command = OpenDispute(
            request=ask(context, keyed, customer_id, body.customer_number),
            entity=body.entity,
            invoice_number=body.invoice_number,
            ordinal=body.ordinal,
            amount=body.amount,
            reason=body.reason,
        )
        return (await opening.submit(keyed.work(command, customer_ids=[customer_id]))).response()

    @routes.post("/{dispute_id}/resolution", response_model=DisputeReceipt)
    async def resolve(dispute_id: UUID, body: JsonBody[ResolutionBody], keyed: Keyed) -> Response:
        """Decide a dispute: what is credited waits for the credit note, the rest is due again at its full age."""
        customer_id = (await find(context, DISPUTES, dispute_id)).customer_id
        command = ResolveDispute(
            request=ask(context, keyed, customer_id),
            dispute_id=dispute_id,
            outcome=body.outcome,
            credited=body.credited,
        )
        return (await resolving.submit(keyed.work(command, customer_ids=[customer_id]))).response()

    @routes.get("")
    async def listing(
        _caller: Reader, paging: Listing, customer_id: NamedCustomer, state: Literal["open", "resolved"] | None = None
    ) -> Page[DisputeShown]:
        """List disputes, the oldest first."""
        async with context.reading.connect() as connection:
            rows = await list_records(
                connection,
                DISPUTES,
                after=paging.after,
                rows=paging.limit + 1,
                customer_id=customer_id,
                open=None if state is None else state == "open",
            )
        return Page(
            **paging.page(rows, position=lambda row: [row.opened_date.isoformat(), str(row.dispute_id)], item=_shown)
        )

    @routes.get("/{dispute_id}")
    async def show(_caller: Reader, dispute_id: UUID) -> DisputeShown:
        """Show a dispute."""
        return _shown(await find(context, DISPUTES, dispute_id))

    return routes


def _opened(dispute: Dispute) -> StoredAnswer:
    return answer(201, _receipt(dispute))


def _resolved(dispute: Dispute) -> StoredAnswer:
    return answer(200, _receipt(dispute))


def _receipt(dispute: Dispute) -> DisputeReceipt:
    return DisputeReceipt(
        dispute_id=dispute.dispute_id,
        customer_id=dispute.customer_id,
        instalment_id=dispute.instalment_id,
        state=_state(dispute.outcome),
        outcome=dispute.outcome,
    )


def _shown(row: Row[Any]) -> DisputeShown:
    credited = money(row.credited_minor, row.currency) if row.outcome is not None else None
    return DisputeShown(
        **fitting(DisputeShown, row),
        state=_state(row.outcome),
        amount=money(row.amount_minor, row.currency),
        credited=credited,
    )


def _state(outcome: str | None) -> str:
    return "open" if outcome is None else "resolved"
