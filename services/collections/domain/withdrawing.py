"""Withdraws intents that have not left: nothing is left to say, or a higher message says it (K5)."""

from dataclasses import replace
from datetime import date

from services.collections.domain import records
from services.collections.domain.book import Book, Moment
from services.collections.domain.facts import ReminderLine, ReminderWithdrawn
from services.collections.domain.records import Reminder
from services.collections.domain.resting import PAID, rest

SUPERSEDED = "superseded"


def withdraw(book: Book, reminder: Reminder, at: Moment, *, reason: str) -> None:
    """Take an intent back; its steps may happen again."""
    book.reminders[reminder.reminder_id] = replace(reminder, state=records.WITHDRAWN, reason=reason)
    book.change_steps(
        book.steps_where(reminder_id=reminder.reminder_id, state=records.PLANNED),
        state=records.WITHDRAWN,
        reason=reason,
    )
    book.note(
        ReminderWithdrawn(
            effective_date=at.today, entity=reminder.entity, reminder_id=reminder.reminder_id, reason=reason
        ),
        reminder.case_id,
    )


def withdraw_dead(book: Book, entity: str, at: Moment) -> None:
    """Withdraw the intents none of whose debts may be spoken of any more; the sender drops single lines by itself."""
    for reminder in waiting(book, entity):
        reasons = [_why_dead(book, reminder, line, at.today) for line in reminder.lines]
        if all(reason is not None for reason in reasons):
            withdraw(book, reminder, at, reason=next(reason for reason in reasons if reason is not None))


def waiting(book: Book, entity: str) -> list[Reminder]:
    """Return the intents that have not left, in order of id."""
    planned = (each for each in book.reminders.values() if each.entity == entity and each.state == records.PLANNED)
    return sorted(planned, key=lambda each: each.reminder_id)


def _why_dead(book: Book, reminder: Reminder, line: ReminderLine, day: date) -> str | None:
    """Return why this line may not be spoken of: another episode has begun, it rests, or its time has passed."""
    receivable = book.receivables.get(line.instalment_id)
    if receivable is None or receivable.episode != line.episode:
        return PAID
    resting = rest(book, receivable, day)
    if resting is not None:
        return resting.reason
    return SUPERSEDED if reminder.is_before_due and receivable.due_date < day else None
