"""What people do with a message before it goes: read its letter, edit, approve, refuse (N7, N13)."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field

from services.notifications.api.asking import asked
from services.notifications.api.messages import Shown
from services.notifications.domain.message import Message, State
from services.notifications.store import days
from services.notifications.store import message_pages as store
from services.notifications.usecases.desk import Desk
from services.notifications.usecases.look_at_messages import Approve, Edit, LookAtMessage, Refuse, look_at_messages
from services.notifications.usecases.preview_template import NothingToShow
from services.notifications.usecases.show_letter import show_letter
from shared.ids import partition_of
from shared.service import Context
from shared.web.gather import Gatherer
from shared.web.idempotency import Keyed, KeyedRequest, StoredAnswer
from shared.web.keys import Reader
from shared.web.models import MultiLine, SingleLine, StrictModel
from shared.web.problem_types import CONFLICT, FORBIDDEN, NOT_FOUND
from shared.web.problems import Problem, problems
from shared.web.routing import JsonBody, router

LONGEST_REMARK = 600


class PdfResponse(Response):
    """A letter."""

    media_type = "application/pdf"


class Remark(StrictModel):
    """The free paragraph of the letter, plain text in one piece; empty takes it out."""

    remark: Annotated[str, SingleLine(LONGEST_REMARK)] | Annotated[str, Field(max_length=0)]


class Approval(StrictModel):
    """Which edition is approved: the one that was read; another one meanwhile is a 409."""

    edition: Annotated[int, Field(ge=0)]


class Refusal(StrictModel):
    """Why the message must not go."""

    reason: Annotated[str, MultiLine(1000)]


class Looked(Shown):
    """Where the message stands now."""

    message_id: UUID
    state: State
    reason: str | None
    edition: int
    remark: str


def routes(context: Context, desk: Desk) -> APIRouter:
    """Return the routes by which people look at messages."""
    found = router(prefix="/v1/messages/{message_id}", tags=["messages"])
    looks = Gatherer(lane=context.single, execute=partial(look_at_messages, desk=desk), render=_answer)
    refusals = problems(NOT_FOUND, CONFLICT)

    @found.get("/letter.pdf", response_class=PdfResponse, responses=refusals)
    async def show_pdf(_caller: Reader, message_id: UUID) -> Response:
        """Show the letter: as it was sent, or as the message would read today."""
        async with context.reading.connect() as connection:
            customer_id = await store.read_customer_of(connection, message_id)
            if customer_id is None:
                raise Problem(NOT_FOUND)
            number = partition_of(customer_id, context.partitions)
            seen = await days.read_days_seen(connection, partitions=[number])
            day = seen.get(number) or context.clock.now().date()
            try:
                letter = await show_letter(connection, message_id, day=day)
            except NothingToShow as error:
                raise Problem(CONFLICT, str(error)) from None
        if letter is None:
            raise Problem(NOT_FOUND, "A message on this channel has no letter.")
        name = f'inline; filename="{message_id}.pdf"'
        return PdfResponse(letter.content, headers={"ETag": f'"{letter.sha256}"', "Content-Disposition": name})

    @found.post("/remark", response_model=Looked, responses=refusals)
    async def edit(message_id: UUID, body: JsonBody[Remark], keyed: Keyed) -> Response:
        """Set the free paragraph of a message that has not left; from then on somebody has to approve it."""
        return await _look(message_id, Edit(body.remark), keyed)

    @found.post("/approval", response_model=Looked, responses=problems(NOT_FOUND, CONFLICT, FORBIDDEN))
    async def approve(message_id: UUID, body: JsonBody[Approval], keyed: Keyed) -> Response:
        """Let a message go that waits for approval; it is checked once more against all that was heard since."""
        return await _look(message_id, Approve(body.edition), keyed)

    @found.post("/refusal", response_model=Looked, responses=refusals)
    async def refuse(message_id: UUID, body: JsonBody[Refusal], keyed: Keyed) -> Response:
        """Keep a message from going that waits for approval."""
        return await _look(message_id, Refuse(body.reason), keyed)

    async def _look(message_id: UUID, act: Edit | Approve | Refuse, keyed: KeyedRequest) -> Response:
        async with context.reading.connect() as connection:
            customer_id = await store.read_customer_of(connection, message_id)
        if customer_id is None:
            raise Problem(NOT_FOUND)
        command = LookAtMessage(message_id=message_id, act=act, request=asked(context, keyed))
        return (await looks.submit(keyed.work(command, customer_ids=[customer_id]))).response()

    return found


def _answer(message: Message) -> StoredAnswer:
    shown = Looked(
        message_id=message.message_id,
        state=message.state,
        reason=message.reason,
        edition=message.edition,
        remark=message.remark,
    )
    return StoredAnswer(200, shown.model_dump_json().encode())
