"""What the ledger and notifications tell, folded into what is known of a customer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from services.collections.domain import disputes, promises, records, tasks
from services.collections.domain.book import Book, Moment
from services.collections.domain.decisions import FIX_CONTACT
from services.collections.domain.facts import ReminderEnded
from services.collections.domain.receivables import Receivable
from services.collections.domain.records import Money, Reminder, TakenStep

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
CONTACT_ROLE = "salesperson"

Line = tuple[UUID, str | None, int]
"""A line of a message: instalment, step and episode."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How one instalment's open amount moved."""

    instalment_id: UUID
    invoice_id: UUID
    invoice_number: str
    ordinal: int
    due_date: date
    entity: str
    currency: str
    open_before_minor: int
    open_after_minor: int
    effective_date: date
    episode: int

    @property
    def paid_minor(self) -> int:
        """Return how much less is open; negative where it is more."""
        return self.open_before_minor - self.open_after_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """An instalment of an invoice as it was issued."""

    instalment_id: UUID
    invoice_id: UUID
    invoice_number: str
    ordinal: int
    due_date: date
    entity: str
    currency: str
    amount_minor: int
    penalty_pct_per_day: Decimal


def issue(book: Book, issued: Iterable[Issued], at: Moment) -> None:
    """Know these instalments; what another event told of one already stands."""
    for each in issued:
        known = book.receivables.get(each.instalment_id)
        book.receivables[each.instalment_id] = Receivable(
            instalment_id=each.instalment_id,
            customer_id=book.customer_id,
            entity=each.entity,
            invoice_id=each.invoice_id,
            invoice_number=each.invoice_number,
            ordinal=each.ordinal,
            due_date=each.due_date,
            currency=each.currency,
            open_minor=each.amount_minor if known is None else known.open_minor,
            episode=1 if known is None else known.episode,
            known_date=at.today if known is None else known.known_date,
            penalty_pct_per_day=each.penalty_pct_per_day,
            dunning_from=None if known is None else known.dunning_from,
            issued=True,
        )


def move(book: Book, change: Change, at: Moment) -> Receivable:
    """Set what is open of an instalment now; where it is a new episode, the steps begin anew."""
    known = book.receivables.get(change.instalment_id)
    new_episode = known is None or known.episode != change.episode
    moved = replace(
        known or _stub(book, change, at),
        open_minor=change.open_after_minor,
        episode=change.episode,
        known_date=at.today if known is None or new_episode else known.known_date,
    )
    book.receivables[change.instalment_id] = moved
    return moved


def pay(book: Book, credit_id: UUID, changes: Sequence[Change], at: Moment) -> None:
    """Apply a payment's allocations: they answer, and count for promises; a part that is moved away counts no more."""
    for change in changes:
        receivable = move(book, change, at)
        book.answer(change.entity, at.today)
        money = Money(credit_id=credit_id, minor=change.paid_minor, effective_date=change.effective_date)
        if money.minor > 0:
            promises.count(book, money, receivable=receivable)
        else:
            promises.uncount(book, credit_id, minor=-money.minor, receivable=receivable)


def bounce(book: Book, credit_id: UUID, changes: Sequence[Change], at: Moment) -> None:
    """Reopen what a payment had settled; what it counted for promises counts no more."""
    for change in changes:
        receivable = move(book, change, at)
        promises.uncount(book, credit_id, minor=-change.paid_minor, receivable=receivable)


def credit(book: Book, changes: Sequence[Change], at: Moment) -> None:
    """Apply a credit note; it may be the one that a dispute's resolution waits for."""
    for change in changes:
        move(book, change, at)
        disputes.credit(book, change.instalment_id, max(change.paid_minor, 0))


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
    free = reason in FREED
    book.change_steps(mine, state=records.WITHDRAWN if free else records.UNDELIVERABLE, reason=reason)
    book.note(_ended(reminder, at, outcome, reason), reminder.case_id)
    if not free:
        mend_contact(book, reminder.entity, at, instalment_ids=[each.instalment_id for each in mine])


def mend_contact(book: Book, entity: str, at: Moment, *, instalment_ids: Iterable[UUID]) -> None:
    """Ask the salesperson for a contact that can be reached: never silence (N3)."""
    tasks.assign(
        book,
        at,
        entity=entity,
        kind=FIX_CONTACT,
        role=CONTACT_ROLE,
        due_working_days=2,
        instalment_ids=instalment_ids,
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


def _stub(book: Book, change: Change, at: Moment) -> Receivable:
    return Receivable(
        instalment_id=change.instalment_id,
        customer_id=book.customer_id,
        entity=change.entity,
        invoice_id=change.invoice_id,
        invoice_number=change.invoice_number,
        ordinal=change.ordinal,
        due_date=change.due_date,
        currency=change.currency,
        open_minor=change.open_after_minor,
        episode=change.episode,
        known_date=at.today,
    )
