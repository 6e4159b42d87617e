"""Plans reminders as intents: one message for many debts, at the highest step among them (K4, K5)."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from services.collections.domain import records
from services.collections.domain.book import Book, Moment
from services.collections.domain.facts import ReminderLine, ReminderPlanned
from services.collections.domain.playbook import Message, Playbook, Step
from services.collections.domain.receivables import Receivable
from services.collections.domain.records import Reminder, TakenStep
from services.collections.domain.resting import dunnable_minor, rest
from services.collections.domain.withdrawing import SUPERSEDED, waiting, withdraw


def plan(
    book: Book,
    at: Moment,
    *,
    entity: str,
    playbook: Playbook,
    steps: Mapping[UUID, Step],
    on: date,
    approval_task_id: UUID | None = None,
) -> Reminder | None:
    """Plan one message at the highest of `steps` (by instalment), with the other overdue debts listed.

    `approval_task_id` is the task by which a person approved it, so that nobody is asked a second time (N7).
    Lines before due are not mixed into a demand: either all the steps lie before the due date, or none.
    """
    top = max(steps.values(), key=lambda step: step.rank)
    message = top.message
    if message is None or _waits_behind(book, entity, playbook, top):
        return None
    taken = {instalment_id: step.code for instalment_id, step in steps.items()}
    listed: list[Receivable] = []
    if not top.is_before_due:
        taken |= _absorb(book, at, entity, steps)
        listed = book.overdue(entity, at.today)
    lines = [
        _line(book, each, taken.get(each.instalment_id), on)
        for each in book.of_entity(entity)
        if (each.instalment_id in taken or each in listed) and rest(book, each, at.today) is None
    ]
    reminder = _intent(book, at, entity=entity, step=top, message=message, version=playbook.version, on=on, lines=lines)
    book.reminders[reminder.reminder_id] = reminder
    for line in lines:
        if line.step is not None:
            _mark(book, reminder, line, line.step, at.today)
    book.note(_planned(reminder, at.today, approval_task_id))
    return reminder


def _waits_behind(book: Book, entity: str, playbook: Playbook, top: Step) -> bool:
    """Return whether a message at least as high is still to leave: the customer is being spoken to already."""
    ranks = (_rank(playbook, each) for each in waiting(book, entity) if each.is_before_due == top.is_before_due)
    return not top.is_before_due and max(ranks, default=-1) >= top.rank


def _absorb(book: Book, at: Moment, entity: str, steps: Mapping[UUID, Step]) -> dict[UUID, str]:
    """Withdraw the lower messages that have not left, and return the steps of their debts for the new one to carry."""
    carried: dict[UUID, str] = {}
    for reminder in waiting(book, entity):
        if not reminder.is_before_due:
            carried |= {line.instalment_id: line.step for line in reminder.lines if line.step is not None}
            withdraw(book, reminder, at, reason=SUPERSEDED)
    return {instalment_id: code for instalment_id, code in carried.items() if instalment_id not in steps}


def _rank(playbook: Playbook, reminder: Reminder) -> int:
    step = playbook.step(reminder.step)
    return step.rank if step is not None else -1


def _line(book: Book, receivable: Receivable, step: str | None, on: date) -> ReminderLine:
    return ReminderLine(
        instalment_id=receivable.instalment_id,
        invoice_id=receivable.invoice_id,
        invoice_number=receivable.invoice_number,
        ordinal=receivable.ordinal,
        due_date=receivable.due_date,
        currency=receivable.currency,
        collectible_minor=dunnable_minor(book, receivable),
        episode=receivable.episode,
        step=step,
        days_past_due=receivable.days_past_due(on),
        penalty_pct_per_day=receivable.penalty_pct_per_day,
    )


def _intent(
    book: Book,
    at: Moment,
    *,
    entity: str,
    step: Step,
    message: Message,
    version: str,
    on: date,
    lines: list[ReminderLine],
) -> Reminder:
    case = book.open_case(entity)
    return Reminder(
        reminder_id=at.id_of("reminder", f"{entity}/{step.code}"),
        customer_id=book.customer_id,
        case_id=case.case_id if case is not None else None,
        entity=entity,
        purpose=message.purpose,
        step=step.code,
        planned_date=on,
        channels=list(message.channels),
        formal=message.formal,
        answer_working_days=message.answer_working_days,
        playbook_version=version,
        lines=lines,
    )


def _mark(book: Book, reminder: Reminder, line: ReminderLine, step: str, day: date) -> None:
    book.take(
        TakenStep(
            instalment_id=line.instalment_id,
            episode=line.episode,
            step=step,
            customer_id=book.customer_id,
            state=records.PLANNED,
            decided_date=day,
            reminder_id=reminder.reminder_id,
        )
    )


def _planned(reminder: Reminder, day: date, approval_task_id: UUID | None) -> ReminderPlanned:
    return ReminderPlanned(
        effective_date=day,
        entity=reminder.entity,
        reminder_id=reminder.reminder_id,
        case_id=reminder.case_id,
        purpose=reminder.purpose,
        step=reminder.step,
        planned_date=reminder.planned_date,
        channels=reminder.channels,
        formal=reminder.formal,
        answer_working_days=reminder.answer_working_days,
        approval_task_id=approval_task_id,
        playbook_version=reminder.playbook_version,
        lines=reminder.lines,
    )
