"""Opens business days, one short transaction at a time: turn, let invoices count, mark the overdue, tell all (L7).

Each step reads from the tables what is left to do, so that after a crash, or on another worker, it just goes on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.domain.debt import Debt
from services.ledger.store import days, invoices
from services.ledger.store.days import BusinessDay
from services.ledger.store.debts import load_debts, unmarked_debts
from services.ledger.store.entities import find_entities
from services.ledger.usecases.count_invoices import count_invoice
from services.ledger.usecases.origin import Origin
from services.ledger.usecases.transcript import Transcript
from shared.contracts.ledger import BusinessDayReached
from shared.crash import crash_point
from shared.messaging.customers import lock_customers
from shared.messaging.outbox import Outbox
from shared.messaging.outgoing import Cause, Outgoing

CHUNK = 1000


class Step(Enum):
    """What the opening of days did in one transaction."""

    DONE = auto()
    WAITS = auto()
    NOTHING = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class DayOpener:
    """Opens days; D+1 only after all `followers` have ended D in every partition, or after `patience` if it is set."""

    outbox: Outbox
    followers: Sequence[str]
    patience: timedelta | None

    async def advance(self, connection: AsyncConnection, *, now: datetime) -> Step:
        """Do the next step of the earliest day that is not open yet."""
        if not await days.may_open(connection):
            return Step.WAITS
        day = await days.next_day(connection)
        if day is None:
            return Step.NOTHING
        if day.state == "turning":
            return await self._turn(connection, day, now=now)
        await days.share_day(connection)
        cause = _origin(day, now).on(day.day)
        if not (await self._count(connection, day, cause) or await self._mark(connection, day, cause)):
            await self._tell(connection, day, cause)
        crash_point("ledger.day.before_commit")
        return Step.DONE

    async def _turn(self, connection: AsyncConnection, day: BusinessDay, *, now: datetime) -> Step:
        """Close the day before: after this commit every fact follows `day`, and all before it are committed."""
        if not await self._followers_are_done(connection, now=now):
            return Step.WAITS
        await days.hold_day(connection)
        await days.turn_day(connection, day.day, at=now)
        crash_point("ledger.day.turn")
        return Step.DONE

    async def _followers_are_done(self, connection: AsyncConnection, *, now: datetime) -> bool:
        current = await days.current_day(connection)
        if current is None or current.opened_at is None:
            return True
        if self.patience is not None and now - current.opened_at > self.patience:
            return True
        worked = await days.worked_partitions(connection, current.day)
        return all(worked.get(service, 0) >= self.outbox.partitions for service in self.followers)

    async def _count(self, connection: AsyncConnection, day: BusinessDay, cause: Cause) -> int:
        """Let the next invoices count that waited for this day; return how many they were."""
        waiting = dict(await invoices.pending_invoices(connection, day=day.day, limit=CHUNK))
        await lock_customers(connection, waiting.values(), partitions=self.outbox.partitions)
        by_invoice: dict[UUID, list[Debt]] = {}
        for debt in (await load_debts(connection, invoices=waiting)).values():
            by_invoice.setdefault(debt.invoice.invoice_id, []).append(debt)
        codes = {debts[0].invoice.entity for debts in by_invoice.values()}
        transcript = Transcript(day=day.day, entities=await find_entities(connection, codes))
        for debts in by_invoice.values():
            if debts[0].invoice.state == "pending":
                count_invoice(transcript, debts[0].invoice, debts, cause)
                transcript.keep(debts=debts)
        await transcript.save(connection, self.outbox)
        return len(waiting)

    async def _mark(self, connection: AsyncConnection, day: BusinessDay, cause: Cause) -> int:
        """Say of the next debts that they are overdue; return how many were looked at."""
        unmarked = dict(await unmarked_debts(connection, day=day.day, limit=CHUNK))
        await lock_customers(connection, unmarked.values(), partitions=self.outbox.partitions)
        # Read again under the lock: they may have been paid, or said to be overdue, a moment ago.
        debts = list((await load_debts(connection, instalments=unmarked)).values())
        transcript = Transcript(day=day.day, entities={})
        await days.count_overdue(connection, day.day, count=transcript.say_overdue(debts, cause))
        await transcript.save(connection, self.outbox)
        return len(unmarked)

    async def _tell(self, connection: AsyncConnection, day: BusinessDay, cause: Cause) -> None:
        """Write the day's marker into every partition, behind all that the day found."""
        event = BusinessDayReached(day=day.day)
        markers = [
            Outgoing(event=event, subject=str(day.day), cause=cause, effective_date=day.day, partition_no=partition_no)
            for partition_no in range(self.outbox.partitions)
        ]
        await self.outbox.append(connection, markers)
        await days.finish_day(connection, day.day, at=cause.recorded_at)


def _origin(day: BusinessDay, now: datetime) -> Origin:
    return Origin(
        cause_id=day.cause_id,
        actor=day.actor,
        correlation_id=day.correlation_id,
        traceparent=day.traceparent,
        recorded_at=now,
    )
