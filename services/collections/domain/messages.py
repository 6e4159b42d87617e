"""What became of the messages that were planned, as notifications tells it (K5, N3)."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

from services.collections.domain import records, tasks
from services.collections.domain.book import Book, Moment
from services.collections.domain.decisions import FIX_CONTACT
from services.collections.domain.facts import ReminderEnded
from services.collections.domain.records import Reminder, TakenStep

FREED = frozenset(
    {
        "paid",
        "disputed",
        "promised",
        "paused",
        "superseded",
        "withdrawn",
        "already_sent",
        "episode_over",
        "nothing_to_say",
    }
)
"""Reasons for withholding that the debt's own state explains; any other needs a person."""
REFUSED = "refused"
"""A person looked at the letter and refused it: the step is refused as if its approval task had been (N7)."""
CONTACT_ROLE = "salesperson"

Line = tuple[UUID, str | None, int]
"""A line of a message: instalment, step and episode."""


def leave(book: Book, reminder: Reminder, lines: Iterable[Line], at: Moment, day: date) -> None:
    """Note that a message went: its lines are taken, and lines that were dropped are free."""
    if reminder.state == records.SENT:
        return
    _go(book, reminder, lines, at, day=day, state=records.SENT)


def lose_sight(book: Book, reminder: Reminder, at: Moment) -> None:
    """Note that nobody knows whether the message went: its lines count as taken, and nothing is repeated."""
    if reminder.state in (records.SENT, records.UNKNOWN):
        return
    lines = [(line.instalment_id, line.step, line.episode) for line in reminder.lines]
    _go(book, reminder, lines, at, day=at.today, state=records.UNKNOWN)


def arrive(book: Book, reminder: Reminder, lines: Iterable[Line], day: date) -> None:
    """Let the periods of the notices in this message run from the day it arrived first."""
    for instalment_id, step, episode in lines:
        taken = book.steps.get((instalment_id, episode, step or ""))
        if taken is not None and taken.reminder_id == reminder.reminder_id:
            book.take(replace(taken, ran_from=min(taken.ran_from or day, day)))


def fail(book: Book, reminder: Reminder, at: Moment, *, outcome: str, reason: str) -> None:
    """Note that the message will not go: its keys are free, or wait until a person has mended the contact."""
    if reminder.state not in (records.PLANNED, records.UNKNOWN):
        return
    book.reminders[reminder.reminder_id] = replace(reminder, state=outcome, reason=reason)
    mine = [
        each
        for each in book.steps_where(reminder_id=reminder.reminder_id)
        if each.state in (records.PLANNED, records.UNKNOWN)
    ]
    state = _state_after(reason)
    book.change_steps(mine, state=state, reason=reason)
    book.note(_ended(reminder, at, outcome, reason), reminder.case_id)
    if state == records.UNDELIVERABLE:
        mend_contact(book, reminder.entity, at, instalment_ids=[each.instalment_id for each in mine])


def _state_after(reason: str) -> str:
    if reason == REFUSED:
        return records.REFUSED
    return records.WITHDRAWN if reason in FREED else records.UNDELIVERABLE


def mend_contact(book: Book, entity: str, at: Moment, *, instalment_ids: Sequence[UUID]) -> None:
    """Ask the salesperson for a contact that can be reached: never silence (N3)."""
    tasks.assign(
        book,
        at,
        entity,
        tasks.Assignment(
            kind=FIX_CONTACT,
            role=CONTACT_ROLE,
            due_working_days=2,
            instalment_ids=instalment_ids,
        ),
    )


def _go(
    book: Book,
    reminder: Reminder,
    lines: Iterable[Line],
    at: Moment,
    *,
    day: date,
    state: str,
) -> None:
    book.reminders[reminder.reminder_id] = replace(reminder, state=state, sent_date=day, reason=None)
    for instalment_id, step, episode in lines:
        if step is not None:
            taken = TakenStep(
                instalment_id=instalment_id,
                episode=episode,
                step=step,
                customer_id=book.customer_id,
                state=state,
                decided_date=day,
                reminder_id=reminder.reminder_id,
            )
            book.take(taken)
    dropped = book.steps_where(reminder_id=reminder.reminder_id, state=records.PLANNED)
    book.change_steps(dropped, state=records.WITHDRAWN, reason="dropped")
    book.note(_ended(reminder, at, state, None), reminder.case_id)


def _ended(reminder: Reminder, at: Moment, outcome: str, reason: str | None) -> ReminderEnded:
    return ReminderEnded(
        effective_date=at.today,
        entity=reminder.entity,
        reminder_id=reminder.reminder_id,
        outcome=outcome,
        reason=reason,
    )
