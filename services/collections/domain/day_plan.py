"""Does what the playbook asks on a day: messages are consolidated, work and approvals become tasks (K3, K4)."""

from collections import defaultdict
from uuid import UUID

from services.collections.domain import planning, records, reminders, tasks
from services.collections.domain.book import Book, Moment
from services.collections.domain.playbook import Step
from services.collections.domain.receivables import Receivable
from services.collections.domain.records import TakenStep
from services.collections.domain.resting import rest
from services.collections.domain.tasks import Assignment
from services.collections.domain.views import playbook_of, views

APPROVE = "approve_"
APPROVAL_WORKING_DAYS = 2


def carry_out(book: Book, entity: str, at: Moment) -> None:
    """Let the steps happen that are due on `at.today` for the debts to `entity`."""
    due: defaultdict[str, list[Receivable]] = defaultdict(list)
    found: dict[str, Step] = {}
    for view in list(views(book, entity, at.today)):
        if rest(book, view.receivable, at.today) is not None:
            continue
        plan = planning.plan(view, at.today)
        for step, reason in plan.superseded:
            note_step(book, view.receivable, step.code, at, state=records.SUPERSEDED, reason=reason)
        for step in plan.happen:
            found[step.code] = step
            due[step.code].append(view.receivable)
    for code, step in sorted(found.items(), key=lambda each: each[1].rank):
        if step.message is None or step.approved_by is not None:
            _take_one(book, entity, step, due[code], at)
    _send(book, entity, [step for step in found.values() if step.message and not step.approved_by], due, at)


def note_step(
    book: Book,
    receivable: Receivable,
    step: str,
    at: Moment,
    *,
    state: str,
    reason: str | None = None,
    task_id: UUID | None = None,
) -> None:
    """Remember what became of a step of this debt."""
    book.take(
        TakenStep(
            instalment_id=receivable.instalment_id,
            episode=receivable.episode,
            step=step,
            customer_id=book.customer_id,
            state=state,
            decided_date=at.today,
            reason=reason,
            task_id=task_id,
        )
    )


def _take_one(book: Book, entity: str, step: Step, debts: list[Receivable], at: Moment) -> None:
    """Give a step that is no message of its own accord to a person, or put it on a role's list."""
    case = book.open_case(entity)
    state, reason, task_id = records.DONE, None, None
    wanted = _assignment(step, [each.instalment_id for each in debts])
    if wanted is None:
        reason = "listed"
    elif step.supply_stop and case is not None and case.supply_stop_date is not None:
        state, reason = records.SUPERSEDED, "already_requested"
    else:
        state = records.AWAITING if wanted.decides else records.ASSIGNED
        task_id = tasks.assign(book, at, entity, wanted).task_id
    for each in debts:
        note_step(book, each, step.code, at, state=state, reason=reason, task_id=task_id)


def _assignment(step: Step, instalment_ids: list[UUID]) -> Assignment | None:
    """Return what a person has to do about the step: approve it, or work; None where it is only listed."""
    if step.approved_by is not None:
        return Assignment(
            kind=APPROVE + step.code,
            role=step.approved_by,
            due_working_days=APPROVAL_WORKING_DAYS,
            step=step.code,
            instalment_ids=instalment_ids,
            decides=True,
        )
    if step.work is None:
        return None
    return Assignment(
        kind=step.work.kind,
        role=step.work.role,
        due_working_days=step.work.due_working_days,
        step=step.code,
        watched_by=step.work.watched_by,
        instalment_ids=instalment_ids,
        choices=step.work.choices,
        approved_by=step.work.approved_by,
    )


def _send(book: Book, entity: str, messages: list[Step], due: dict[str, list[Receivable]], at: Moment) -> None:
    """Plan one message before due and one after, each at the highest step among its debts."""
    for before_due in (True, False):
        steps = {
            debt.instalment_id: step
            for step in sorted(messages, key=lambda each: each.rank)
            if step.is_before_due == before_due
            for debt in due[step.code]
        }
        if steps:
            reminders.plan(
                book, at, entity=entity, playbook=playbook_of(book, entity, at.today), steps=steps, on=at.today
            )
