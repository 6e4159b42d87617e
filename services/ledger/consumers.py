"""What the ledger does on the events of the other services: a table, and the subscription that walks it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.usecases.follow_credit_terms import HeardTerms, follow_credit_terms
from services.ledger.usecases.follow_disputes import Dispute, follow_disputes
from services.ledger.usecases.note_worked_days import WorkedDay, note_worked_days
from services.ledger.usecases.origin import Origin
from shared.clock import Clock
from shared.contracts import collections, credit, notifications
from shared.contracts.event import Event
from shared.messaging.outbox import Outbox
from shared.messaging.outgoing import cause_of_event
from shared.messaging.subscription import Day, Received, Refused
from shared.service import Context


@dataclass(frozen=True, slots=True)
class LedgerSubscription:
    """The reacting side of the ledger; it works no days of its own."""

    outbox: Outbox
    clock: Clock

    @property
    def accepts(self) -> Mapping[str, type[Event]]:
        """Return the events that the ledger reacts to."""
        return {event.wire: event for event in REACTIONS}

    async def apply(self, connection: AsyncConnection, batch: Sequence[Received], *, today: date) -> None:
        """Apply events of one partition, in their order."""
        heard = [REACTIONS[type(each.event)](each, self._origin(each, today)) for each in batch]
        await note_worked_days(connection, [each for each in heard if isinstance(each, WorkedDay)])
        disputes = [each for each in heard if isinstance(each, Dispute)]
        await follow_disputes(connection, disputes, outbox=self.outbox)
        terms = [each for each in heard if isinstance(each, HeardTerms)]
        await follow_credit_terms(connection, terms, partitions=self.outbox.partitions)

    async def work_day(self, _connection: AsyncConnection, _customer_ids: Sequence[UUID], *, day: Day) -> None:
        """Refuse: in the ledger nothing waits for a date of a customer."""
        msg = f"the ledger opens days and works none, but was given {day.day}"
        raise RuntimeError(msg)

    def _origin(self, received: Received, today: date) -> Origin:
        cause = cause_of_event(received.envelope, actor="ledger", business_date=today, recorded_at=self.clock.now())
        return Origin(
            cause_id=cause.cause_id,
            actor=cause.actor,
            correlation_id=cause.correlation_id,
            traceparent=cause.traceparent,
            recorded_at=cause.recorded_at,
        )


def make_subscription(context: Context) -> LedgerSubscription:
    """Return the reacting side of this process."""
    return LedgerSubscription(context.outbox, context.clock)


def _worked(received: Received, _origin: Origin) -> WorkedDay:
    event = received.event
    assert isinstance(event, credit.DayWorked | collections.DayWorked | notifications.DayWorked)
    return WorkedDay(event.wire.partition(".")[0], event.day, received.envelope.event_id)


def _opened(received: Received, origin: Origin) -> Dispute:
    event = received.event
    assert isinstance(event, collections.DisputeOpened)
    return Dispute(
        origin=origin,
        dispute_id=event.dispute_id,
        invoice_id=event.invoice_id,
        instalment_id=event.instalment_id,
        minor=event.amount_minor,
        resolved=False,
    )


def _resolved(received: Received, origin: Origin) -> Dispute:
    event = received.event
    assert isinstance(event, collections.DisputeResolved)
    return Dispute(
        origin=origin,
        dispute_id=event.dispute_id,
        invoice_id=event.invoice_id,
        instalment_id=event.instalment_id,
        minor=event.amount_minor,
        resolved=True,
        credited_minor=event.credited_minor,
    )


def _allowed(received: Received, _origin: Origin) -> HeardTerms:
    event = received.event
    assert isinstance(event, credit.CreditTermsChanged)
    return HeardTerms(_customer_of(received), None, event.terms_days)


def _promised(received: Received, _origin: Origin) -> HeardTerms:
    event = received.event
    assert isinstance(event, credit.CreditReserved)
    return HeardTerms(_customer_of(received), event.order_number, event.terms_days)


def _customer_of(received: Received) -> UUID:
    if received.envelope.customer_id is None:
        raise Refused(f"{received.envelope.wire} names no customer")
    return received.envelope.customer_id


REACTIONS: Mapping[type[Event], Callable[[Received, Origin], WorkedDay | Dispute | HeardTerms]] = {
    credit.DayWorked: _worked,
    collections.DayWorked: _worked,
    notifications.DayWorked: _worked,
    collections.DisputeOpened: _opened,
    collections.DisputeResolved: _resolved,
    credit.CreditTermsChanged: _allowed,
    credit.CreditReserved: _promised,
}
