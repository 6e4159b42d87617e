"""Overrides of grades over HTTP: one person asks, another decides, the end comes by itself or by a person (C3)."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.api.asking import asked
from services.credit.api.bodies import Note
from services.credit.api.shown import Shown, answer
from services.credit.domain.policy import Policy
from services.credit.domain.profile import Grade
from services.credit.store.gradings import KeptOverride, State, list_overrides, load_overrides
from services.credit.store.values import row_of
from services.credit.usecases.override_grades import (
    AskOverride,
    DecideOverride,
    EndOverride,
    Settle,
    ask_overrides,
    settle_overrides,
)
from shared.service import Context
from shared.web.cursor import Listing, Page
from shared.web.customers import NamedCustomer
from shared.web.gather import Gatherer
from shared.web.idempotency import Keyed, KeyedRequest, StoredAnswer
from shared.web.keys import Reader
from shared.web.models import BusinessDate, StrictModel
from shared.web.problem_types import CONFLICT, NOT_FOUND
from shared.web.problems import Problem, problems
from shared.web.routing import JsonBody, router


class AskForGrade(StrictModel):
    """A grade that shall hold until the end of that day, whatever the score says, and why."""

    grade: Grade
    end_date: BusinessDate
    reason: Note


class EndOverrideNow(StrictModel):
    """Why the customer's own grade shall count again before the override's last day has passed."""

    reason: Note


class OverrideShown(Shown):
    """An override, who asked for it, who decided, and who ended it before its last day."""

    override_id: UUID
    customer_id: UUID
    grade: Grade
    end_date: Annotated[date, Field(description="Its last day; the first marker after it ends it.")]
    reason: str
    state: State
    asked_by: str
    asked_date: date
    decided_by: str | None
    decided_date: date | None
    ended_date: date | None
    ended_by: str | None
    end_reason: str | None


def overrides_router(context: Context, policy: Policy) -> APIRouter:
    """Return the routes of overrides."""
    routes = router(prefix="/v1", tags=["scores"])

    async def ask(connection: AsyncConnection, commands: Sequence[AskOverride]) -> Sequence[Any]:
        return await ask_overrides(connection, commands)

    async def settle(connection: AsyncConnection, commands: Sequence[Settle]) -> Sequence[Any]:
        return await settle_overrides(connection, commands, policy=policy, outbox=context.outbox)

    asking: Gatherer[AskOverride, KeptOverride] = Gatherer(lane=context.single, execute=ask, render=_rendered(201))
    settling: Gatherer[Settle, KeptOverride] = Gatherer(lane=context.single, execute=settle, render=_rendered(200))

    @routes.post(
        "/customers/{customer_id}/grade-overrides",
        status_code=201,
        response_model=OverrideShown,
        responses=problems(NOT_FOUND),
    )
    async def ask_for_grade(customer_id: UUID, body: JsonBody[AskForGrade], keyed: Keyed) -> Response:
        """Ask that a grade holds for a while; nothing follows until another person approves."""
        command = AskOverride(
            customer_id=customer_id,
            grade=body.grade,
            end_date=body.end_date,
            reason=body.reason,
            request=asked(context, keyed),
        )
        return (await asking.submit(keyed.work(command, customer_ids=[customer_id]))).response()

    @routes.post(
        "/grade-overrides/{override_id}/approve", response_model=OverrideShown, responses=problems(NOT_FOUND, CONFLICT)
    )
    async def approve(override_id: UUID, keyed: Keyed) -> Response:
        """Let the asked grade count from now; it takes the place of an override that still holds."""
        return await decide(override_id, "approved", keyed)

    @routes.post(
        "/grade-overrides/{override_id}/refuse", response_model=OverrideShown, responses=problems(NOT_FOUND, CONFLICT)
    )
    async def refuse(override_id: UUID, keyed: Keyed) -> Response:
        """Refuse what was asked."""
        return await decide(override_id, "refused", keyed)

    @routes.post(
        "/grade-overrides/{override_id}/end", response_model=OverrideShown, responses=problems(NOT_FOUND, CONFLICT)
    )
    async def end(override_id: UUID, body: JsonBody[EndOverrideNow], keyed: Keyed) -> Response:
        """Let the customer's own grade count again from now; it needs no second person."""
        customer_id = await _customer_of(context, override_id)
        command = EndOverride(
            override_id=override_id, customer_id=customer_id, reason=body.reason, request=asked(context, keyed)
        )
        return (await settling.submit(keyed.work(command, customer_ids=[customer_id]))).response()

    @routes.get("/grade-overrides")
    async def find(
        _caller: Reader, paging: Listing, customer_id: NamedCustomer, state: State | None = None
    ) -> Page[OverrideShown]:
        """List overrides."""
        async with context.reading.connect() as connection:
            rows = await list_overrides(
                connection, customer_id=customer_id, state=state, after=paging.after, rows=paging.limit + 1
            )
        return Page(**paging.page(rows, position=lambda each: [str(each.override_id)], item=_shown))

    async def decide(override_id: UUID, state: Literal["approved", "refused"], keyed: KeyedRequest) -> Response:
        customer_id = await _customer_of(context, override_id)
        command = DecideOverride(
            override_id=override_id, customer_id=customer_id, state=state, request=asked(context, keyed)
        )
        return (await settling.submit(keyed.work(command, customer_ids=[customer_id]))).response()

    return routes


async def _customer_of(context: Context, override_id: UUID) -> UUID:
    async with context.reading.connect() as connection:
        found = await load_overrides(connection, [override_id])
    if override_id not in found:
        raise Problem(NOT_FOUND)
    return found[override_id].customer_id


def _rendered(status: int) -> Callable[[KeptOverride], StoredAnswer]:
    return lambda kept: answer(status, OverrideShown(**_shown(kept)).model_dump(mode="json"))


def _shown(kept: KeptOverride) -> dict[str, Any]:
    return {name: value for name, value in row_of(kept).items() if name in OverrideShown.model_fields}
