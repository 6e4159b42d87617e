"""How requests name customers, and how they become requests to use cases."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.domain.profile import Profile
from services.credit.store.groups import lock_blocks
from services.credit.store.profiles import load_profile
from services.credit.usecases.request import Request
from shared.ids import customer_id_of
from shared.service import Context
from shared.web.gather import Lane
from shared.web.idempotency import KeyedRequest
from shared.web.models import SingleLine
from shared.web.problem_types import INVALID, NOT_FOUND
from shared.web.problems import Problem

CustomerNumber = Annotated[str, SingleLine(64)]


def asked(context: Context, keyed: KeyedRequest) -> Request:
    """Return the request as use cases know it."""
    return Request(keyed.origin, context.clock.now())


def block_lane(context: Context) -> Lane:
    """Return the lane of single requests, in which a customer's group is locked before the customer."""

    async def lock(connection: AsyncConnection, customer_ids: Sequence[UUID]) -> set[UUID]:
        return await lock_blocks(connection, customer_ids, partitions=context.partitions)

    return replace(context.single, lock_customers=lock)


def _named(customer_id: UUID | None = None, customer_number: CustomerNumber | None = None) -> UUID | None:
    if customer_number is None:
        return customer_id
    if customer_id not in {None, customer_id_of(customer_number)}:
        raise Problem(
            INVALID, errors=[{"pointer": "/customer_number", "detail": "Names another customer than customer_id"}]
        )
    return customer_id_of(customer_number)


NamedCustomer = Annotated[UUID | None, Depends(_named)]


async def known_profile(connection: AsyncConnection, customer_id: UUID) -> Profile:
    """Return a customer's profile, or raise the problem that there is none."""
    profile = await load_profile(connection, customer_id)
    if profile is None:
        raise Problem(NOT_FOUND)
    return profile
