"""How requests name entities and reasons, and how they reach their use case."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Annotated, Any, TypeVar
from uuid import UUID

from pydantic import Field
from sqlalchemy import Row

from services.collections.store.listings import Listed, find_record
from services.collections.usecases.request import Request
from shared.service import Context
from shared.web.gather import Gatherer
from shared.web.idempotency import KeyedRequest, StoredAnswer
from shared.web.models import SingleLine
from shared.web.problem_types import NOT_FOUND
from shared.web.problems import Problem

R = TypeVar("R")

EntityCode = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.+-]{0,63}$", examples=["cn01"])]
Code = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.+-]{0,63}$", examples=["agreed_by_phone"])]
Note = Annotated[str, SingleLine(500)]


def gather(
    context: Context, use_case: Callable[..., Awaitable[Sequence[R | Problem]]], render: Callable[[R], StoredAnswer]
) -> Gatherer[Any, R]:
    """Return the gatherer of a use case, in the lane of single requests."""
    return Gatherer(lane=context.single, execute=partial(use_case, outbox=context.outbox), render=render)


def ask(context: Context, keyed: KeyedRequest, customer_id: UUID, number: str | None = None) -> Request:
    """Return the request as use cases know it."""
    return Request(customer_id=customer_id, origin=keyed.origin, recorded_at=context.clock.now(), number=number)


async def find(context: Context, listed: Listed, record_id: UUID) -> Row[Any]:
    """Return a record, or raise the problem that there is none."""
    async with context.reading.connect() as connection:
        found = await find_record(connection, listed, record_id)
    if found is None:
        raise Problem(NOT_FOUND)
    return found
