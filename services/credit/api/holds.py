"""Shows which deliveries must stop, and lifts holds by decision (C6)."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.api import shown
from services.credit.api.asking import asked, block_lane
from services.credit.api.bodies import LiftHold
from services.credit.api.shown import HoldShown, ListedHold
from services.credit.domain.holds import Hold
from services.credit.domain.policy import Policy
from services.credit.store.holds import list_holds, load_holds
from services.credit.usecases import lift_holds as use
from shared.service import Context
from shared.web.cursor import Listing, Page
from shared.web.customers import NamedCustomer
from shared.web.gather import Gatherer
from shared.web.idempotency import Keyed, StoredAnswer
from shared.web.keys import Reader
from shared.web.problem_types import CONFLICT, NOT_FOUND
from shared.web.problems import Problem, problems
from shared.web.routing import JsonBody, router


def holds_router(context: Context, policy: Policy) -> APIRouter:
    """Return the routes of holds."""
    routes = router(prefix="/v1/holds", tags=["holds"])

    async def execute(connection: AsyncConnection, commands: Sequence[use.LiftHold]) -> list[Hold | Problem]:
        return await use.lift_holds(connection, commands, policy=policy, outbox=context.outbox)

    lifts = Gatherer(lane=block_lane(context), execute=execute, render=_lifted)

    @routes.get("")
    async def find(
        _caller: Reader,
        paging: Listing,
        customer_id: NamedCustomer,
        is_open: Annotated[Literal["true", "false"] | None, Query(alias="open")] = None,
    ) -> Page[ListedHold]:
        """List holds; with `open=true` those that stop deliveries now: what an ERP asks for that hears no events."""
        wanted = None if is_open is None else is_open == "true"
        async with context.reading.connect() as connection:
            rows = await list_holds(
                connection, customer_id=customer_id, is_open=wanted, after=paging.after, rows=paging.limit + 1
            )
        return Page(**paging.page(rows, position=lambda each: [str(each.hold_id)], item=shown.listed_hold))

    @routes.get("/{hold_id}", response_model=HoldShown)
    async def show(_caller: Reader, hold_id: UUID) -> dict[str, Any]:
        """Show a hold."""
        return shown.hold(await _found(context, hold_id))

    @routes.post("/{hold_id}/lifting", response_model=HoldShown, responses=problems(NOT_FOUND, CONFLICT))
    async def lift(hold_id: UUID, body: JsonBody[LiftHold], keyed: Keyed) -> Response:
        """Let deliveries go on: adequate security came, or somebody decided so; another person has approved it."""
        held = await _found(context, hold_id)
        command = use.LiftHold(
            hold_id=hold_id,
            customer_id=held.customer_id,
            reason=body.reason,
            approver=body.approver,
            note=body.note,
            request=asked(context, keyed),
        )
        return (await lifts.submit(keyed.work(command, customer_ids=[held.customer_id]))).response()

    return routes


async def _found(context: Context, hold_id: UUID) -> Hold:
    async with context.reading.connect() as connection:
        held = (await load_holds(connection, [hold_id])).get(hold_id)
    if held is None:
        raise Problem(NOT_FOUND)
    return held


def _lifted(hold: Hold) -> StoredAnswer:
    return shown.answer(200, shown.hold(hold))
