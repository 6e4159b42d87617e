"""Answers whether an order may go out on credit, and shows every answer that was given (C5)."""

import json
from collections.abc import Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.api import shown
from services.credit.api.asking import asked, block_lane
from services.credit.api.bodies import CheckOrder, OrderNumber
from services.credit.api.shown import CheckShown
from services.credit.domain.policy import Policy
from services.credit.store.checks import KeptCheck, list_answers, load_answer
from services.credit.usecases import check_orders as use
from shared.ids import customer_id_of
from shared.service import Context
from shared.web.cursor import Listing, Page
from shared.web.customers import NamedCustomer
from shared.web.gather import Gatherer
from shared.web.idempotency import Keyed, StoredAnswer
from shared.web.keys import Reader
from shared.web.problem_types import NOT_FOUND
from shared.web.problems import Problem
from shared.web.routing import JsonBody, router


def checks_router(context: Context, policy: Policy) -> APIRouter:
    """Return the routes of credit checks."""
    routes = router(prefix="/v1", tags=["credit checks"])

    async def execute(connection: AsyncConnection, commands: Sequence[use.CheckOrder]) -> list[KeptCheck | Problem]:
        return list(await use.check_orders(connection, commands, policy=policy, outbox=context.outbox))

    checks = Gatherer(lane=block_lane(context), execute=execute, render=_kept)

    @routes.post("/credit-checks", status_code=201, response_model=CheckShown)
    async def check(body: JsonBody[CheckOrder], keyed: Keyed) -> Response:
        """Approve an order and reserve for it, ask for a prepayment, or refuse; always with reasons and numbers."""
        command = use.CheckOrder(
            customer_id=customer_id_of(body.customer_number),
            customer_number=body.customer_number,
            order_number=body.order_number,
            amount=body.money(),
            request=asked(context, keyed),
        )
        return (await checks.submit(keyed.work(command, customer_ids=[command.customer_id]))).response()

    @routes.get("/credit-checks")
    async def find(
        _caller: Reader,
        paging: Listing,
        customer_id: NamedCustomer,
        order_number: Annotated[OrderNumber | None, Query()] = None,
        decision: Literal["approve", "prepayment", "refuse"] | None = None,
    ) -> Page[CheckShown]:
        """List checks as they were answered, newest first."""
        async with context.reading.connect() as connection:
            rows = await list_answers(
                connection,
                customer_id=customer_id,
                order_number=order_number,
                decision=decision,
                after=paging.after,
                rows=paging.limit + 1,
            )
        return Page(
            **paging.page(
                rows,
                position=lambda row: [row.recorded_at.isoformat(), str(row.check_id)],
                item=lambda row: json.loads(row.answer),
            )
        )

    @routes.get("/credit-checks/{check_id}", response_model=CheckShown)
    async def show(_caller: Reader, check_id: UUID) -> Any:
        """Show a check as it was answered."""
        async with context.reading.connect() as connection:
            answer = await load_answer(connection, check_id)
        if answer is None:
            raise Problem(NOT_FOUND)
        return json.loads(answer)

    return routes


def _kept(check: KeptCheck) -> StoredAnswer:
    return shown.answer(201, check.answer)
