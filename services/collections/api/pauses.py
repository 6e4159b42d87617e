"""Pauses over HTTP (K22)."""

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import model_validator
from sqlalchemy import Row

from services.collections.api.asking import Code, EntityCode, ask, find, gather
from services.collections.api.shown import PauseReceipt, PauseShown, answer, fitting
from services.collections.domain.pauses import Pause
from services.collections.store.listings import PAUSES, list_records
from services.collections.usecases.pause_dunning import EndPause, StartPause, end_pauses, start_pauses
from shared.ids import customer_id_of
from shared.service import Context
from shared.web.cursor import Listing, Page
from shared.web.customers import CustomerNumber, NamedCustomer
from shared.web.idempotency import Keyed, StoredAnswer
from shared.web.keys import Reader
from shared.web.models import BusinessDate, SingleLine, StrictModel
from shared.web.routing import JsonBody, router


class PauseBody(StrictModel):
    """Dunning rests from `start_date` through `end_date`, or until it is ended; the first may have passed."""

    scope: Literal["invoice", "customer", "case"]
    entity: EntityCode | None = None
    customer_number: CustomerNumber
    invoice_number: Annotated[str, SingleLine(128)] | None = None
    start_date: BusinessDate
    end_date: BusinessDate | None = None
    reason: Code

    @model_validator(mode="after")
    def _names_what_rests(self) -> Self:
        if (self.scope == "invoice") != (self.invoice_number is not None):
            raise ValueError("invoice_number belongs to the scope invoice, and only there")
        if self.scope != "customer" and self.entity is None:
            raise ValueError("entity is needed for this scope")
        if self.end_date is not None and self.end_date < self.start_date:
            raise ValueError("end_date lies before start_date")
        return self


class EndBody(StrictModel):
    """The last day of the pause, and why it ends."""

    end_date: BusinessDate
    reason: Code


def pauses_router(context: Context) -> APIRouter:
    """Return the routes of pauses."""
    routes = router(prefix="/v1/pauses", tags=["pauses"])
    starting = gather(context, start_pauses, _started)
    ending = gather(context, end_pauses, _ended)

    @routes.post("", status_code=201, response_model=PauseReceipt)
    async def start(body: JsonBody[PauseBody], keyed: Keyed) -> Response:
        """Let dunning rest; the days count for aging and interest, not for the stage."""
        customer_id = customer_id_of(body.customer_number)
        command = StartPause(
            request=ask(context, keyed, customer_id, body.customer_number),
            scope=body.scope,
            entity=body.entity,
            invoice_number=body.invoice_number,
            start_date=body.start_date,
            end_date=body.end_date,
            reason=body.reason,
        )
        return (await starting.submit(keyed.work(command, customer_ids=[customer_id]))).response()

    @routes.post("/{pause_id}/end", response_model=PauseReceipt)
    async def end(pause_id: UUID, body: JsonBody[EndBody], keyed: Keyed) -> Response:
        """End a pause on a day that may have passed: days after it count again."""
        customer_id = (await find(context, PAUSES, pause_id)).customer_id
        command = EndPause(
            request=ask(context, keyed, customer_id), pause_id=pause_id, end_date=body.end_date, reason=body.reason
        )
        return (await ending.submit(keyed.work(command, customer_ids=[customer_id]))).response()

    @routes.get("")
    async def listing(_caller: Reader, paging: Listing, customer_id: NamedCustomer) -> Page[PauseShown]:
        """List pauses, the oldest first."""
        async with context.reading.connect() as connection:
            rows = await list_records(
                connection, PAUSES, after=paging.after, rows=paging.limit + 1, customer_id=customer_id
            )
        return Page(
            **paging.page(rows, position=lambda row: [row.start_date.isoformat(), str(row.pause_id)], item=_shown)
        )

    @routes.get("/{pause_id}")
    async def show(_caller: Reader, pause_id: UUID) -> PauseShown:
        """Show a pause."""
        return _shown(await find(context, PAUSES, pause_id))

    return routes


def _started(pause: Pause) -> StoredAnswer:
    return answer(201, _receipt(pause))


def _ended(pause: Pause) -> StoredAnswer:
    return answer(200, _receipt(pause))


def _receipt(pause: Pause) -> PauseReceipt:
    return PauseReceipt(
        pause_id=pause.pause_id,
        customer_id=pause.customer_id,
        state="ended" if pause.ended else "standing",
        case_id=pause.case_id,
        start_date=pause.start_date,
        end_date=pause.end_date,
    )


def _shown(row: Row[Any]) -> PauseShown:
    return PauseShown(**fitting(PauseShown, row))
