"""A request about one customer on its way to a use case, and the way all of them change books."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol, TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.collections.domain.book import Book, Moment, Refusal
from services.collections.store.days import days_seen
from services.collections.usecases.folding import Folding
from shared.ids import partition_of
from shared.messaging.customers import lock_customers
from shared.messaging.outbox import Outbox
from shared.messaging.outgoing import Cause
from shared.web.idempotency import Origin
from shared.web.problem_types import CONFLICT
from shared.web.problems import Problem

R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Who asks what about which customer, and when; `number` is how he named the customer, if he did."""

    customer_id: UUID
    origin: Origin
    recorded_at: datetime
    number: str | None = None


class Command(Protocol):
    """What every command carries: its request, and the ids of what it speaks of."""

    @property
    def request(self) -> Request:
        """Return who asks."""
        ...

    @property
    def named(self) -> Collection[UUID]:
        """Return the ids of records that may be over."""
        ...


C = TypeVar("C", bound=Command)


async def change_books(
    connection: AsyncConnection,
    commands: Sequence[C],
    *,
    outbox: Outbox,
    change: Callable[[Book, Moment, C], R],
) -> list[R | Problem]:
    """Apply the commands in order; return for each what came of it, or why it was refused."""
    ids = {each.request.customer_id for each in commands}
    locked = await lock_customers(connection, ids, partitions=outbox.partitions)
    days = await days_seen(connection, {each.partition_no for each in locked.values()})
    today = {
        each.request.customer_id: days.get(
            partition_of(each.request.customer_id, outbox.partitions), each.request.recorded_at.date()
        )
        for each in commands
    }
    named = {each for command in commands for each in command.named}
    folding = await Folding.of(connection, ids, named=named, outbox=outbox)
    parked = {each.customer_id for each in locked.values() if each.parked_at is not None}
    results = [
        Problem(CONFLICT, "An event of this customer waits for a person; see /v1/parked-customers.")
        if each.request.customer_id in parked
        else _change(folding, each, today[each.request.customer_id], change)
        for each in commands
    ]
    behind = {
        each.customer_id for each in locked.values() if each.next_date and each.next_date <= today[each.customer_id]
    }
    await folding.save(connection, after=today, waiting=behind)
    return results


def _change(folding: Folding, command: C, today: date, change: Callable[[Book, Moment, C], R]) -> R | Problem:
    customer_id = command.request.customer_id

    def apply(book: Book, at: Moment) -> R:
        result = change(book, at, command)
        if command.request.number is not None and book.profile.customer_number is None:
            book.profile = replace(book.profile, customer_number=command.request.number)
        return result

    try:
        return folding.change(customer_id, _cause(command.request, folding.latest_date(customer_id, today)), apply)
    except Refusal as refusal:
        return Problem(CONFLICT, f"{str(refusal)[0].upper()}{str(refusal)[1:]}.")


def _cause(request: Request, today: date) -> Cause:
    return Cause(
        cause_id=request.origin.cause_id,
        actor=request.origin.actor,
        correlation_id=request.origin.correlation_id,
        traceparent=request.origin.traceparent,
        business_date=today,
        recorded_at=request.recorded_at,
    )
