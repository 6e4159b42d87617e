"""The routes by which people see where a service's reading stands and lead it back; every service has the same."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field

from shared.messaging.rereading import NotRead, NotStopped, Rereading
from shared.web.idempotency import KeyedAdmin
from shared.web.keys import Needs
from shared.web.problem_types import CONFLICT, NOT_FOUND
from shared.web.problems import Problem
from shared.web.routing import JsonBody, router


class ReadingView(BaseModel):
    """How far one partition of a topic is applied; `stopped_reason` says why it stands still, if it does."""

    topic: str
    partition_no: int
    epoch: int
    sequence: Annotated[int, Field(description="Of the last event that was applied; 0 when there is none")]
    next_offset: Annotated[int, Field(description="Where Kafka is read next")]
    last_event_id: UUID | None
    stopped_at: datetime | None
    stopped_reason: str | None


class ReadingList(BaseModel):
    """All positions of a service, by topic and partition."""

    items: list[ReadingView]


class ReadFrom(BaseModel):
    """Where to read on."""

    offset: Annotated[int, Field(ge=0, le=2**62, description="Of the record with the event that is missing")]


def rereading_router(rereading: Rereading) -> APIRouter:
    """Return the routes over one service's positions."""
    routes = router(prefix="/v1/stream-positions", tags=["stream positions"])

    @routes.get("", dependencies=[Depends(Needs("read"))])
    async def list_positions() -> ReadingList:
        """Return how far each partition of each topic is applied."""
        readings = await rereading.readings()
        return ReadingList(items=[ReadingView.model_validate(each, from_attributes=True) for each in readings])

    @routes.post("/{topic}/{partition_no}/read-from", status_code=204)
    async def read_from(
        topic: Annotated[str, Path(max_length=249)],
        partition_no: Annotated[int, Path(ge=0, le=32_767)],
        body: JsonBody[ReadFrom],
        request: KeyedAdmin,
    ) -> None:
        """Read a stopped partition from another offset, or any from an earlier one; what was applied is skipped."""
        try:
            await rereading.read_from((topic, partition_no), body.offset, actor=request.origin.actor)
        except NotRead as error:
            raise Problem(NOT_FOUND, str(error)) from error
        except NotStopped as error:
            raise Problem(CONFLICT, str(error)) from error

    return routes
