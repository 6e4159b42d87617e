"""Whether messages leave at all: after a restore none does until a person says so (N4)."""

from datetime import datetime
from typing import Annotated

import structlog
from fastapi import APIRouter

from services.notifications.api.messages import Shown
from services.notifications.store import sending as store
from shared.service import Context
from shared.web.idempotency import KeyedAdmin
from shared.web.keys import Reader
from shared.web.models import SingleLine, StrictModel
from shared.web.problem_types import CONFLICT
from shared.web.problems import Problem, problems
from shared.web.routing import JsonBody, router

log = structlog.get_logger(__name__)


class SendingShown(Shown):
    """Since when and why nothing is sent, if so; and who ended the silence last."""

    muted_at: datetime | None
    muted_reason: str | None
    unmuted_at: datetime | None
    unmuted_by: str | None
    unmuted_reason: str | None


class Unmute(StrictModel):
    """What was seen to before messages leave again."""

    reason: Annotated[str, SingleLine(200)]


def routes(context: Context) -> APIRouter:
    """Return the routes of sending as a whole."""
    found = router(prefix="/v1/sending", tags=["sending"])

    @found.get("")
    async def show_sending(_caller: Reader) -> SendingShown:
        """Show whether messages are sent."""
        async with context.reading.connect() as connection:
            known = await store.read_sending(connection)
        if known is None:
            return SendingShown(muted_at=None, muted_reason=None, unmuted_at=None, unmuted_by=None, unmuted_reason=None)
        return SendingShown.model_validate(known, from_attributes=True)

    @found.post("/unmute", status_code=204, responses=problems(CONFLICT))
    async def unmute(body: JsonBody[Unmute], request: KeyedAdmin) -> None:
        """Let messages leave again after a restore; each is decided on anew at its claim, like any other."""
        actor = request.origin.actor
        async with context.begin() as connection:
            if not await store.unmute(connection, actor=actor, reason=body.reason, at=context.clock.now()):
                raise Problem(CONFLICT, "messages are sent already")
        log.warning("sending.unmuted", actor=actor, reason=body.reason)

    return found
