"""Folds what became of messages into the book of the customer they were for."""

from uuid import UUID

from services.collections.domain import messages, records
from services.collections.domain.book import Book, Moment
from services.collections.domain.records import Reminder
from shared.contracts import notifications
from shared.messaging.envelope import Envelope
from shared.messaging.subscription import NotYetKnown


def hear_sent(book: Book, at: Moment, event: notifications.MessageSent, _envelope: Envelope) -> None:
    """Note that the message left."""
    messages.leave(book, _reminder(book, event.reminder_id), _lines(event.lines), at, event.sent_date)


def hear_delivered(book: Book, _at: Moment, event: notifications.MessageDelivered, _envelope: Envelope) -> None:
    """Let the notice's period run."""
    messages.arrive(book, _reminder(book, event.reminder_id), _lines(event.lines), event.arrived_date)


def hear_withheld(book: Book, at: Moment, event: notifications.MessageWithheld, _envelope: Envelope) -> None:
    """Free the keys of a message that will not go; one that only accompanies another decides nothing."""
    if event.accompanies:
        return
    messages.fail(book, _reminder(book, event.reminder_id), at, outcome=records.WITHHELD, reason=event.reason)


def hear_failed(book: Book, at: Moment, event: notifications.MessageFailed, _envelope: Envelope) -> None:
    """Ask for a contact that can be reached, unless the message only accompanies another."""
    if event.accompanies:
        return
    messages.fail(book, _reminder(book, event.reminder_id), at, outcome=records.FAILED, reason=event.reason)


def hear_unknown(book: Book, at: Moment, event: notifications.MessageOutcomeUnknown, _envelope: Envelope) -> None:
    """Note that nobody knows whether the message left, unless it only accompanies another."""
    if event.accompanies:
        return
    messages.lose_sight(book, _reminder(book, event.reminder_id), at)


def hear_invalid(book: Book, at: Moment, _event: notifications.ContactPointInvalid, _envelope: Envelope) -> None:
    """Ask, for each entity that is owed something, for a contact that can be reached."""
    for entity in book.entity_codes():
        owed = [each.instalment_id for each in book.of_entity(entity) if each.open_minor > 0]
        if owed:
            messages.mend_contact(book, entity, at, instalment_ids=owed)


def _reminder(book: Book, reminder_id: UUID) -> Reminder:
    reminder = book.reminders.get(reminder_id)
    if reminder is None:
        raise NotYetKnown("no such reminder was ever planned for this customer")
    return reminder


def _lines(lines: list[notifications.MessageLine]) -> list[tuple[UUID, str | None, int]]:
    return [(line.instalment_id, line.step, line.episode) for line in lines]
