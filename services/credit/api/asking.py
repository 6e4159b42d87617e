"""How requests become requests to use cases, and which rows are locked for them."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.domain.profile import Profile
from services.credit.store.groups import lock_blocks
from services.credit.store.profiles import load_profile
from services.credit.usecases.request import Request
from shared.service import Context
from shared.web.gather import Lane
from shared.web.idempotency import KeyedRequest
from shared.web.problem_types import NOT_FOUND
from shared.web.problems import Problem


def asked(context: Context, keyed: KeyedRequest) -> Request:
    """Return the request as use cases know it."""
    return Request(keyed.origin, context.clock.now())


def block_lane(context: Context) -> Lane:
    """Return the lane of single requests, in which a customer's group is locked before the customer."""

    async def lock(connection: AsyncConnection, customer_ids: Sequence[UUID]) -> set[UUID]:
        return await lock_blocks(connection, customer_ids, partitions=context.partitions)

    return replace(context.single, lock_customers=lock)


async def known_profile(connection: AsyncConnection, customer_id: UUID) -> Profile:
    """Return a customer's profile, or raise the problem that there is none."""
    profile = await load_profile(connection, customer_id)
    if profile is None:
        raise Problem(NOT_FOUND)
    return profile
