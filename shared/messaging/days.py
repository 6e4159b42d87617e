"""Works a day for one partition, by chunks of customers whose date has come, and ends it with a marker (P5)."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import date
from enum import Enum, auto
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.clock import Clock
from shared.contracts.event import Event
from shared.messaging import failures, metrics, parking_store, positions
from shared.messaging.applying import due_of, work
from shared.messaging.customers import lock_customers
from shared.messaging.envelope import Envelope
from shared.messaging.outbox import Outbox
from shared.messaging.outgoing import Outgoing, cause_of_event
from shared.messaging.parking_store import ToPark
from shared.messaging.positions import DaySeen
from shared.messaging.subscription import Subscription

CHUNK = 200
_FIRST = UUID(int=0)

_COME = text(
    "SELECT customer_id FROM customer WHERE partition_no = :partition_no AND next_date <= :day AND parked_at IS NULL "
    "AND customer_id > :after ORDER BY customer_id LIMIT :limit"
)
_ANY = text(
    "SELECT EXISTS (SELECT FROM customer "
    "WHERE partition_no = :partition_no AND next_date <= :day AND parked_at IS NULL)"
)

log = structlog.get_logger(__name__)

Begin = Callable[[], AbstractAsyncContextManager[AsyncConnection]]


class Progress(Enum):
    """Where the work of the day stands after a chunk."""

    NONE = auto()
    MORE = auto()
    WAITING = auto()
    DONE = auto()


@dataclass
class DayWork:
    """The day's work of one partition number; what it remembers is only a hint, the state is in the tables."""

    name: str
    partition_no: int
    subscription: Subscription
    outbox: Outbox
    clock: Clock
    marker: type[Event]
    begin: Begin
    topic: str
    _after: UUID = field(default=_FIRST)

    async def chunk(self) -> Progress:
        """Work the next customers whose date has come, in one transaction; end the day when none is left."""
        with metrics.day_seconds.time():
            async with self.begin() as connection:
                seen = await positions.read_day(connection, self.partition_no, lock_it=True)
                if not seen.pending or seen.work_day is None or seen.marker is None:
                    return Progress.NONE
                ids = await self._come(connection, seen.work_day)
                if ids:
                    await self._work(connection, seen, ids)
                if len(ids) < CHUNK:
                    return await self._end_of_pass(connection, seen.work_day, seen.marker)
        self._after = ids[-1]
        return Progress.MORE

    async def _come(self, connection: AsyncConnection, day: date) -> list[UUID]:
        parameters = {"partition_no": self.partition_no, "day": day, "after": self._after, "limit": CHUNK}
        return list((await connection.execute(_COME, parameters)).scalars())

    async def _work(self, connection: AsyncConnection, seen: DaySeen, ids: Sequence[UUID]) -> None:
        """Work these customers; whoever cannot be worked is found by halving and parked."""
        try:
            async with connection.begin_nested():
                customers = await lock_customers(connection, ids, partitions=self.outbox.partitions)
                due = due_of(customers, seen)
                if due:
                    await work(connection, self.subscription, seen, self.partition_no, due)
        except Exception as error:
            if not failures.is_bad_by_itself(error) or seen.marker is None:
                raise
            if len(ids) > 1:
                middle = len(ids) // 2
                await self._work(connection, seen, ids[:middle])
                await self._work(connection, seen, ids[middle:])
                return
            cause = failures.cause_of(error)
            item = ToPark(ids[0], self.topic, seen.marker, day=seen.work_day, cause=cause)
            await parking_store.park(connection, [item])
            log.exception("day.parked", partition=self.partition_no, day=str(seen.work_day), cause=cause)

    async def _end_of_pass(self, connection: AsyncConnection, day: date, marker: Envelope) -> Progress:
        """End the day when nobody is left; otherwise someone waits for work outside of the transaction: look again."""
        self._after = _FIRST
        if (await connection.execute(_ANY, {"partition_no": self.partition_no, "day": day})).scalar_one():
            return Progress.WAITING
        cause = cause_of_event(marker, actor=self.name, business_date=day, recorded_at=self.clock.now())
        event = self.marker.model_validate({"day": day})
        outgoing = Outgoing(
            event=event, subject=day.isoformat(), cause=cause, effective_date=day, partition_no=self.partition_no
        )
        await self.outbox.append(connection, [outgoing])
        await positions.end_work(connection, self.partition_no)
        return Progress.DONE
