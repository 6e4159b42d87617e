"""Promises to pay over HTTP (K8)."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field
from sqlalchemy import Row

from services.collections.api.asking import Code, EntityCode, ask, find, gather
from services.collections.api.shown import PromiseReceipt, PromiseShown, answer, fitting, money
from services.collections.domain.records import Promise
from services.collections.store.listings import PROMISES, list_records
from services.collections.usecases.make_promises import (
    MakePromise,
    WithdrawPromise,
    make_promises,
    withdraw_promises,
)
from shared.ids import customer_id_of
from shared.money import AmountError, parse_amount
from shared.service import Context
from shared.web.cursor import Listing, Page
from shared.web.customers import CustomerNumber, NamedCustomer
from shared.web.idempotency import Keyed, StoredAnswer
from shared.web.keys import Reader
from shared.web.models import BusinessDate, Currency, PositiveAmountText, SingleLine, StrictModel
from shared.web.problem_types import INVALID
from shared.web.problems import Problem
from shared.web.routing import JsonBody, router

State = Literal["proposed", "open", "kept", "partly_kept", "broken", "withdrawn", "refused"]


class PromiseBody(StrictModel):
    """The customer pays this sum by that date, towards these invoices, or anything of the entity."""

    entity: EntityCode
    customer_number: CustomerNumber
    currency: Currency
    amount: PositiveAmountText
    promised_date: BusinessDate
    invoice_numbers: list[Annotated[str, SingleLine(128)]] = Field(default_factory=list, max_length=100)


class WithdrawalBody(StrictModel):
    """Why the promise counts no more."""

    reason: Code


def promises_router(context: Context) -> APIRouter:
    """Return the routes of promises."""
    routes = router(prefix="/v1/promises", tags=["promises"])
    making = gather(context, make_promises, _made)
    withdrawing = gather(context, withdraw_promises, _withdrawn)

    @routes.post("", status_code=201, response_model=PromiseReceipt)
    async def make(body: JsonBody[PromiseBody], keyed: Keyed) -> Response:
        """Record a promise: dunning for the sum rests; the second for a debt waits for a manager's task."""
        customer_id = customer_id_of(body.customer_number)
        command = MakePromise(
            request=ask(context, keyed, customer_id, body.customer_number),
            entity=body.entity,
            currency=body.currency,
            amount_minor=_minor(body.amount, body.currency),
            promised_date=body.promised_date,
            invoice_numbers=body.invoice_numbers,
        )
        return (await making.submit(keyed.work(command, customer_ids=[customer_id]))).response()

    @routes.post("/{promise_id}/withdrawal", response_model=PromiseReceipt)
    async def withdraw(promise_id: UUID, body: JsonBody[WithdrawalBody], keyed: Keyed) -> Response:
        """Record that an open promise counts no more."""
        customer_id = (await find(context, PROMISES, promise_id)).customer_id
        command = WithdrawPromise(request=ask(context, keyed, customer_id), promise_id=promise_id, reason=body.reason)
        return (await withdrawing.submit(keyed.work(command, customer_ids=[customer_id]))).response()

    @routes.get("")
    async def listing(
        _caller: Reader, paging: Listing, customer_id: NamedCustomer, state: State | None = None
    ) -> Page[PromiseShown]:
        """List promises, the oldest first."""
        async with context.reading.connect() as connection:
            rows = await list_records(
                connection, PROMISES, after=paging.after, rows=paging.limit + 1, customer_id=customer_id, state=state
            )
        return Page(
            **paging.page(rows, position=lambda row: [row.made_date.isoformat(), str(row.promise_id)], item=_shown)
        )

    @routes.get("/{promise_id}")
    async def show(_caller: Reader, promise_id: UUID) -> PromiseShown:
        """Show a promise."""
        return _shown(await find(context, PROMISES, promise_id))

    return routes


def _minor(amount: str, currency: str) -> int:
    try:
        return parse_amount(amount, currency)
    except AmountError as error:
        raise Problem(INVALID, errors=[{"pointer": "/amount", "detail": str(error)}]) from None


def _receipt(status: int, promise: Promise) -> StoredAnswer:
    shown = PromiseReceipt(
        promise_id=promise.promise_id,
        customer_id=promise.customer_id,
        state=promise.state,
        lapses_date=promise.lapses_date,
    )
    return answer(status, shown)


def _made(promise: Promise) -> StoredAnswer:
    return _receipt(201, promise)


def _withdrawn(promise: Promise) -> StoredAnswer:
    return _receipt(200, promise)


def _shown(row: Row[Any]) -> PromiseShown:
    in_time = (each for each in row.money if each["effective_date"] <= row.lapses_date.isoformat())
    return PromiseShown(
        **fitting(PromiseShown, row),
        amount=money(row.amount_minor, row.currency),
        paid=money(sum(each["minor"] for each in in_time), row.currency),
    )
