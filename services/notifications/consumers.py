"""Which event is heard by which function; nothing else."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.store.days import read_work_days
from services.notifications.usecases.apply_events import apply_events
from services.notifications.usecases.hear_debts import hear_changes, hear_entity, hear_invoice
from services.notifications.usecases.hear_reminders import hear_planned, hear_withdrawn
from services.notifications.usecases.hear_rests import (
    hear_dispute,
    hear_dispute_resolved,
    hear_pause,
    hear_pause_ended,
    hear_promise,
    hear_promise_outcome,
)
from services.notifications.usecases.news import News
from services.notifications.usecases.work_day import work_day
from shared.contracts import collections, ledger
from shared.contracts.event import Event
from shared.ids import partition_of
from shared.messaging.subscription import Day, Received
from shared.service import Context

HEARD: Mapping[type[Event], Callable[[News, Any, Any], None]] = {
    ledger.EntityRecorded: hear_entity,
    ledger.InvoiceIssued: hear_invoice,
    ledger.InvoiceCancelled: hear_changes,
    ledger.CreditNoteIssued: hear_changes,
    ledger.PaymentAllocated: hear_changes,
    ledger.PaymentReversed: hear_changes,
    collections.ReminderPlanned: hear_planned,
    collections.ReminderWithdrawn: hear_withdrawn,
    collections.PromiseMade: hear_promise,
    collections.PromiseKept: hear_promise_outcome,
    collections.PromisePartlyKept: hear_promise_outcome,
    collections.PromiseBroken: hear_promise_outcome,
    collections.PromiseWithdrawn: hear_promise_outcome,
    collections.DisputeOpened: hear_dispute,
    collections.DisputeResolved: hear_dispute_resolved,
    collections.PauseStarted: hear_pause,
    collections.PauseEnded: hear_pause_ended,
}
SENDER = "sender"


class NotificationsSubscription:
    """The reacting side of notifications."""

    def __init__(self, context: Context) -> None:
        self._context = context

    @property
    def accepts(self) -> Mapping[str, type[Event]]:
        """Return the event classes that are heard, by wire name."""
        return {each.wire: each for each in HEARD}

    async def apply(self, connection: AsyncConnection, batch: Sequence[Received], *, today: date) -> None:  # noqa: ARG002 - the day that releases is collections', not the ledger's
        """Hear each event, then save what the batch says."""
        news = News(self._context.partitions)
        for received in batch:
            HEARD[type(received.event)](news, received.event, received.envelope)
        await apply_events(
            connection,
            news,
            work_day=await self._work_day(connection, news),
            holds_day=self._context.fast_clock,
            at=self._context.clock.now(),
        )
        if news.messages:
            await self._context.wake.notify(SENDER)

    async def work_day(self, connection: AsyncConnection, customer_ids: Sequence[UUID], *, day: Day) -> None:
        """Release the day's messages and note arrivals."""
        released = await work_day(
            connection,
            customer_ids,
            day=day,
            outbox=self._context.outbox,
            holds_day=self._context.fast_clock,
            at=self._context.clock.now(),
        )
        if released:
            await self._context.wake.notify(SENDER)

    async def _work_day(self, connection: AsyncConnection, news: News) -> date | None:
        """Return the day whose work has begun in the partition of this batch, if messages are to be looked at."""
        partitions = {partition_of(each, self._context.partitions) for each in news.customers}
        days = await read_work_days(connection, partitions=partitions) if partitions else {}
        return next(iter(days.values()), None)
