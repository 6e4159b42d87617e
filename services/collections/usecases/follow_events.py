"""Follows a batch of events, each folded into its customer's book in turn."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.collections.domain.book import Book, Moment
from services.collections.domain.receivables import Entity
from services.collections.usecases.folding import Folding
from services.collections.usecases.hear_ledger import instalments_of
from shared.contracts.event import Event
from shared.contracts.ledger import EntityRecorded
from shared.messaging.envelope import Envelope
from shared.messaging.outbox import Outbox
from shared.messaging.outgoing import cause_of_event
from shared.messaging.subscription import Received, Refused

ACTOR = "collections"
LEDGER = "ledger."

Fold = Callable[[Book, Moment, Any, Envelope], None]


async def follow_events(
    connection: AsyncConnection,
    batch: Sequence[Received],
    *,
    folds: Mapping[type[Event], Fold],
    today: date,
    recorded_at: datetime,
    outbox: Outbox,
) -> None:
    """Fold the events in their order; the customers are locked."""
    customers = {each.envelope.customer_id for each in batch if each.envelope.customer_id is not None}
    folding = await Folding.of(connection, customers, named=_named(batch), outbox=outbox)
    for each in batch:
        if isinstance(each.event, EntityRecorded):
            folding.shelf.entities[each.event.entity] = _entity(each.event)
        else:
            _fold(folding, each, folds[type(each.event)], today=today, recorded_at=recorded_at)
    await folding.save(connection, after=dict.fromkeys(customers, today))


def _fold(folding: Folding, received: Received, fold: Fold, *, today: date, recorded_at: datetime) -> None:
    envelope = received.envelope
    if envelope.customer_id is None:
        raise Refused("the event names no customer")
    if envelope.wire.startswith(LEDGER) and envelope.business_date > folding.latest_date(envelope.customer_id, today):
        folding.tell_day(envelope.customer_id, envelope.business_date)
    as_of = folding.latest_date(envelope.customer_id, today)
    cause = cause_of_event(envelope, actor=ACTOR, business_date=as_of, recorded_at=recorded_at)
    folding.change(envelope.customer_id, cause, lambda book, at: fold(book, at, received.event, envelope))


def _named(batch: Sequence[Received]) -> set[UUID]:
    """Return the ids of what the events speak of, though it may be over."""
    reminders: set[UUID] = {each.event.reminder_id for each in batch if hasattr(each.event, "reminder_id")}
    return reminders.union(*(instalments_of(each.event) for each in batch))


def _entity(event: EntityRecorded) -> Entity:
    return Entity(entity=event.entity, name=event.name, country=event.country, zone=event.zone, currency=event.currency)
