"""The routes by which people see, release and discard what is parked; every service has the same."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from shared.messaging.parking import NotParked, Parking, Release
from shared.messaging.parking_store import ParkedItem
from shared.web.idempotency import KeyedAdmin
from shared.web.keys import Needs
from shared.web.problem_types import NOT_FOUND
from shared.web.problems import Problem
from shared.web.routing import JsonBody, router


class ParkedCustomerView(BaseModel):
    """A customer whose events and days queue."""

    customer_id: UUID
    parked_at: datetime
    items: Annotated[int, Field(description="How many events and days wait")]
    cause: str | None


class ParkedList(BaseModel):
    """Who is parked, the longest first, at most 500."""

    items: list[ParkedCustomerView]


class ParkedItemView(BaseModel):
    """An event or a day that waits; `cause` is set on what stops the queue."""

    item_id: int
    event_id: UUID
    type: str
    topic: str
    day: date | None
    cause: str | None
    parked_at: datetime


class DiscardedItemView(ParkedItemView):
    """An event or a day that was given up: it never took effect here."""

    discarded_by: str
    reason: str | None
    discarded_at: datetime


class DiscardedList(BaseModel):
    """What was given up of a customer's queue, in its order."""

    items: list[DiscardedItemView]


class Queue(BaseModel):
    """A parked customer's queue, in order."""

    customer_id: UUID
    items: list[ParkedItemView]


class ReleaseView(BaseModel):
    """`applied` items flowed; or none, because `stopped_by` cannot be applied still."""

    applied: int
    stopped_by: int | None
    cause: str | None


class Discard(BaseModel):
    """Why an item is given up."""

    reason: Annotated[str, Field(min_length=1, max_length=200, description="Kept and logged, so without personal data")]


def parking_router(parking: Parking) -> APIRouter:
    """Return the routes over one service's parking."""
    routes = router(prefix="/v1/parked-customers", tags=["parking"])

    @routes.get("", dependencies=[Depends(Needs("read"))])
    async def list_parked() -> ParkedList:
        """Return who is parked and why."""
        return ParkedList(
            items=[ParkedCustomerView.model_validate(each, from_attributes=True) for each in await parking.parked()]
        )

    @routes.get("/{customer_id}", dependencies=[Depends(Needs("read"))])
    async def show_queue(customer_id: UUID) -> Queue:
        """Return what waits for one customer."""
        items = [ParkedItemView(**_shown(each)) for each in await parking.queue(customer_id)]
        return Queue(customer_id=customer_id, items=items)

    @routes.get("/{customer_id}/discarded-items", dependencies=[Depends(Needs("read"))])
    async def show_discarded(customer_id: UUID) -> DiscardedList:
        """Return what was given up of one customer's queue, by whom and why, whether he is parked or not."""
        return DiscardedList(
            items=[
                DiscardedItemView(
                    **_shown(each.item),
                    discarded_by=each.discarded_by,
                    reason=each.reason,
                    discarded_at=each.discarded_at,
                )
                for each in await parking.discarded(customer_id)
            ]
        )

    @routes.post("/{customer_id}/release")
    async def release(customer_id: UUID, request: KeyedAdmin) -> ReleaseView:
        """Apply the queue in order and let the customer's events flow; repeating it is harmless."""
        try:
            done: Release = await parking.release(customer_id, actor=request.origin.actor)
        except NotParked as error:
            raise Problem(NOT_FOUND, str(error)) from error
        return ReleaseView(applied=done.applied, stopped_by=done.stopped_by, cause=done.cause)

    @routes.post("/{customer_id}/items/{item_id}/discard", status_code=204)
    async def discard(
        customer_id: UUID, item_id: int, request: KeyedAdmin, body: JsonBody[Discard] | None = None
    ) -> None:
        """Drop one item for good: the event it holds will never take effect here."""
        try:
            await parking.discard(
                customer_id, item_id, actor=request.origin.actor, reason=None if body is None else body.reason
            )
        except NotParked as error:
            raise Problem(NOT_FOUND, str(error)) from error

    return routes


def _shown(item: ParkedItem) -> dict[str, Any]:
    return {
        "item_id": item.item_id,
        "event_id": item.envelope.event_id,
        "type": item.envelope.wire,
        "topic": item.topic,
        "day": item.day,
        "cause": item.cause,
        "parked_at": item.parked_at,
    }
