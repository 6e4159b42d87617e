"""Takes decisions on limits beside a plain one by hand: computed again, for a time, securities in hand (C4)."""

from collections.abc import Sequence
from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.api import shown
from services.credit.api.asking import asked, block_lane
from services.credit.api.bodies import ReleaseLimit, SetSecurity, SetTemporaryLimit
from services.credit.api.customer_shown import CustomerShown, customer_document
from services.credit.api.customers import versioned
from services.credit.domain.limits import Temporary
from services.credit.domain.policy import Policy
from services.credit.domain.profile import Profile
from services.credit.usecases import decide_limits as use
from shared.service import Context
from shared.web.gather import Gatherer
from shared.web.idempotency import Keyed, KeyedRequest, StoredAnswer
from shared.web.problem_types import CONFLICT, NOT_FOUND
from shared.web.problems import Problem, problems
from shared.web.routing import JsonBody, router


def limits_router(context: Context, policy: Policy) -> APIRouter:
    """Return the routes of these decisions."""
    routes = router(prefix="/v1/customers/{customer_id}", tags=["decisions"])

    async def execute(connection: AsyncConnection, commands: Sequence[use.DecideLimit]) -> list[Profile | Problem]:
        return await use.decide_limits(connection, commands, policy=policy, outbox=context.outbox)

    decisions = Gatherer(lane=block_lane(context), execute=execute, render=_decided)

    async def decide(keyed: KeyedRequest, customer_id: UUID, decision: use.Decision, note: str) -> Response:
        command = use.DecideLimit(customer_id=customer_id, decision=decision, note=note, request=asked(context, keyed))
        return versioned(await decisions.submit(keyed.work(command, customer_ids=[customer_id])))

    @routes.post("/limit-release", response_model=CustomerShown, responses=problems(NOT_FOUND, CONFLICT))
    async def release(customer_id: UUID, body: JsonBody[ReleaseLimit], keyed: Keyed) -> Response:
        """Release a limit that was given by hand: from now the computed one counts, and moves with what is known."""
        return await decide(keyed, customer_id, use.ReleaseLimit(), body.reason)

    @routes.put("/temporary-limit", response_model=CustomerShown, responses=problems(NOT_FOUND, CONFLICT))
    async def grant(customer_id: UUID, body: JsonBody[SetTemporaryLimit], keyed: Keyed) -> Response:
        """Let another limit count up to and including a business day; then the one before returns by itself."""
        temporary = Temporary(body.money(), body.until_date)
        return await decide(keyed, customer_id, use.GrantTemporarily(temporary), body.reason)

    @routes.put("/security", response_model=CustomerShown, responses=problems(NOT_FOUND, CONFLICT))
    async def secure(customer_id: UUID, body: JsonBody[SetSecurity], keyed: Keyed) -> Response:
        """Record what securities in hand are worth: a computed limit rises by it. Holds are lifted by /v1/holds."""
        return await decide(keyed, customer_id, use.Secure(body.money()), body.reason)

    return routes


def _decided(profile: Profile) -> StoredAnswer:
    return shown.answer(200, customer_document(profile))
