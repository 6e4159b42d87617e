"""The routes by which people see a service's own stream and lead it out of a conflict; every service has the same."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field

from shared.messaging.agreement import Comparison, StreamConflict
from shared.messaging.own_stream import NothingContradicts, NotKept, OwnStream
from shared.web.idempotency import KeyedAdmin
from shared.web.keys import Needs
from shared.web.problem_types import CONFLICT, NOT_FOUND
from shared.web.problems import Problem, problems
from shared.web.routing import JsonBody, router


class HeadView(BaseModel):
    """How far one partition is numbered, acknowledged and in the topic; `conflict` says what contradicts."""

    partition_no: int
    epoch: int
    sequence: Annotated[int, Field(description="The last number that was given out; 0 when there is none")]
    acknowledged_sequence: int
    last_event_id: UUID | None
    topic_epoch: Annotated[int | None, Field(description="Of the last event in the topic; null where it is empty")]
    topic_sequence: int | None
    topic_event_id: UUID | None
    conflict: str | None


class HeadList(BaseModel):
    """A service's own stream, by partition."""

    topic: str
    items: list[HeadView]


class EpochView(BaseModel):
    """What a new epoch did to a partition."""

    partition_no: int
    epoch: int
    taken_over: Annotated[int, Field(description="Events that the topic alone had; they are not told again")]
    to_be_told: Annotated[int, Field(description="Events that the topic does not have; they are told in the new epoch")]


class EpochList(BaseModel):
    """The partitions in which a new epoch began, and how many are in conflict still: for them, ask again."""

    items: list[EpochView]
    remaining: int


class SendAgain(BaseModel):
    """Where to begin."""

    sequence: Annotated[int, Field(ge=1, le=2**62, description="Of the first event that is sent again")]


class SentAgain(BaseModel):
    """How many events the relay sends again, behind the later ones."""

    rows: int


def own_stream_router(stream: OwnStream) -> APIRouter:
    """Return the routes over one service's own stream."""
    routes = router(prefix="/v1/stream-heads", tags=["stream heads"])

    @routes.get("", dependencies=[Depends(Needs("read"))], responses=problems(CONFLICT))
    async def list_heads() -> HeadList:
        """Compare what this database has numbered with what the topic holds, as of now."""
        try:
            compared = await stream.standing()
        except StreamConflict as error:
            raise Problem(CONFLICT, str(error)) from error
        return HeadList(topic=stream.topic, items=[_head_view(each) for each in compared])

    @routes.post("/new-epoch", responses=problems(CONFLICT))
    async def begin_epoch(request: KeyedAdmin) -> EpochList:
        """Go on with a restored database: a new epoch where it contradicts the topic; refused where nothing does."""
        try:
            begun, remaining = await stream.begin_epoch(actor=request.origin.actor)
        except (NothingContradicts, StreamConflict) as error:
            raise Problem(CONFLICT, str(error)) from error
        items = [EpochView.model_validate(each, from_attributes=True) for each in begun]
        return EpochList(items=items, remaining=remaining)

    @routes.post("/{partition_no}/send-again", responses=problems(NOT_FOUND))
    async def send_again(
        partition_no: Annotated[int, Path(ge=0, le=32_767)], body: JsonBody[SendAgain], request: KeyedAdmin
    ) -> SentAgain:
        """Send what the broker lost once more; readers skip what they have applied, so repeating it is harmless."""
        try:
            rows = await stream.send_again(partition_no, body.sequence, actor=request.origin.actor)
        except NotKept as error:
            raise Problem(NOT_FOUND, str(error)) from error
        return SentAgain(rows=rows)

    return routes


def _head_view(compared: Comparison) -> HeadView:
    head, told = compared.head, compared.told
    return HeadView(
        partition_no=head.partition_no,
        epoch=head.epoch,
        sequence=head.sequence,
        acknowledged_sequence=head.acknowledged_sequence,
        last_event_id=head.last_event_id,
        topic_epoch=told and told.epoch,
        topic_sequence=told and told.sequence,
        topic_event_id=told and told.event_id,
        conflict=compared.conflict,
    )
