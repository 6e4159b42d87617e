"""Which events collections follows, and how each changes a customer's book."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.collections.usecases import hear_credit, hear_ledger, hear_notifications
from services.collections.usecases.follow_events import Fold, follow_events
from services.collections.usecases.work_day import work_day
from shared.clock import Clock
from shared.contracts import credit, ledger, notifications
from shared.contracts.event import Event
from shared.messaging.outbox import Outbox
from shared.messaging.subscription import Day, Received
from shared.service import Context

FOLDS: Mapping[type[Event], Fold] = {
    ledger.InvoiceIssued: hear_ledger.hear_issued,
    ledger.InvoiceCancelled: hear_ledger.hear_cancelled,
    ledger.CreditNoteIssued: hear_ledger.hear_credit_note,
    ledger.PaymentReceived: hear_ledger.hear_received,
    ledger.PaymentAllocated: hear_ledger.hear_allocated,
    ledger.PaymentReversed: hear_ledger.hear_reversed,
    ledger.InvoiceOverdue: hear_ledger.hear_overdue,
    credit.CustomerRegistered: hear_credit.hear_profile,
    credit.CustomerProfileChanged: hear_credit.hear_profile,
    credit.GradeChanged: hear_credit.hear_grade,
    credit.AlertLevelChanged: hear_credit.hear_light,
    notifications.MessageSent: hear_notifications.hear_sent,
    notifications.MessageDelivered: hear_notifications.hear_delivered,
    notifications.MessageWithheld: hear_notifications.hear_withheld,
    notifications.MessageFailed: hear_notifications.hear_failed,
    notifications.MessageOutcomeUnknown: hear_notifications.hear_unknown,
    notifications.ContactPointInvalid: hear_notifications.hear_invalid,
}


@dataclass(frozen=True, slots=True)
class CollectionsSubscription:
    """The reacting side of collections."""

    outbox: Outbox
    clock: Clock

    @property
    def accepts(self) -> Mapping[str, type[Event]]:
        """Return the event classes to be applied, by wire name; entities are known, and are nobody's."""
        accepted: Sequence[type[Event]] = (ledger.EntityRecorded, *FOLDS)
        return {each.wire: each for each in accepted}

    async def apply(self, connection: AsyncConnection, batch: Sequence[Received], *, today: date) -> None:
        """Fold the events into the books of their customers."""
        await follow_events(
            connection, batch, folds=FOLDS, today=today, recorded_at=self.clock.now(), outbox=self.outbox
        )

    async def work_day(self, connection: AsyncConnection, customer_ids: Sequence[UUID], *, day: Day) -> None:
        """Do what the day brings for these customers."""
        await work_day(connection, customer_ids, day=day, recorded_at=self.clock.now(), outbox=self.outbox)


def make_subscription(context: Context) -> CollectionsSubscription:
    """Return the subscription of one process."""
    return CollectionsSubscription(context.outbox, context.clock)
