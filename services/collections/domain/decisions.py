"""What people decide and report: tasks done, steps approved or refused, the debtor's class, a floor taken back."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from services.collections.domain import promise_outcomes, promises, records, reminders, tasks
from services.collections.domain.book import Book, Moment, Refusal
from services.collections.domain.day_plan import APPROVE
from services.collections.domain.facts import DebtorClassified, FloorLowered, SupplyStopRequested
from services.collections.domain.permitting import still_permitted
from services.collections.domain.playbook import Step
from services.collections.domain.records import Case, TakenStep, Task
from services.collections.domain.views import playbook_of

CLASSES = ("unwilling", "in_difficulty", "near_insolvency")
ANSWERED, SKIPPED, REFUSED, APPROVED = "answered", "skipped", "refused", "approved"
FIX_CONTACT = "fix_contact"
APPROVE_CHOICE = "approve_choice"


def complete(book: Book, task: Task, at: Moment, *, outcome: str, note: str | None) -> Task:
    """End a task with its outcome; one with choices is decided by one of them, and then approved. Raises Refusal."""
    _check_open(task)
    if task.decides:
        raise Refusal("this task is approved or refused")
    if task.choices is not None and outcome not in task.choices:
        raise Refusal(f"choose one of {', '.join(task.choices)}")
    ended = tasks.complete(book, task, at, outcome=outcome, note=note)
    if task.choices is not None and task.approved_by is not None:
        _ask_approval(book, ended, at, proposed=outcome, role=task.approved_by)
        return ended
    book.change_steps(book.steps_where(task_id=task.task_id), state=records.DONE, ran_from=at.today)
    if outcome == ANSWERED:
        book.answer(task.entity, at.today)
    if task.kind == FIX_CONTACT and outcome != SKIPPED:
        book.change_steps(book.steps_where(state=records.UNDELIVERABLE), state=records.WITHDRAWN, reason=FIX_CONTACT)
    return ended


def decide(book: Book, task: Task, at: Moment, *, approved: bool, reason: str) -> Task:
    """Approve or refuse what waits for this role. Raises Refusal."""
    _check_open(task)
    if not task.decides:
        raise Refusal("this task is completed with an outcome")
    if task.kind == promises.APPROVAL:
        return _decide_promise(book, task, at, approved=approved, reason=reason)
    if task.kind == APPROVE_CHOICE:
        return _decide_choice(book, task, at, approved=approved, reason=reason)
    return _decide_step(book, task, at, approved=approved, reason=reason)


def classify(book: Book, case: Case, at: Moment, *, debtor_class: str | None, reason: str) -> Case:
    """Confirm what kind of debtor this is; from now his class chooses the steps."""
    classified = replace(case, debtor_class=debtor_class, classified_date=at.today if debtor_class else None)
    book.cases[case.case_id] = classified
    book.note(
        DebtorClassified(
            effective_date=at.today,
            entity=case.entity,
            case_id=case.case_id,
            debtor_class=debtor_class,
            reason=reason,
        )
    )
    return classified


def lower_floor(book: Book, case: Case, at: Moment, *, reason: str) -> None:
    """Take back what broken promises lifted. Raises Refusal where there is nothing."""
    if not promise_outcomes.lower_floors(book, case.entity):
        raise Refusal("no broken promise holds this case up")
    book.note(FloorLowered(effective_date=at.today, entity=case.entity, case_id=case.case_id, reason=reason))


def _check_open(task: Task) -> None:
    if task.outcome is not None:
        raise Refusal(f"the task is over: {task.outcome}")


def _decide_promise(book: Book, task: Task, at: Moment, *, approved: bool, reason: str) -> Task:
    ended = tasks.complete(book, task, at, outcome=APPROVED if approved else REFUSED, note=reason)
    promise = next(each for each in book.promises.values() if each.promise_id == task.subject_id)
    if approved:
        promises.begin(book, promise, at)
    else:
        promises.refuse(book, promise, at, reason=reason)
    return ended


def _decide_choice(book: Book, task: Task, at: Moment, *, approved: bool, reason: str) -> Task:
    """Approve the path that was chosen, or give the decision back to whom it came from."""
    ended = tasks.complete(book, task, at, outcome=APPROVED if approved else REFUSED, note=reason)
    steps = list(book.steps_where(task_id=task.task_id))
    if approved:
        book.change_steps(steps, state=records.DONE, ran_from=at.today, reason=task.proposed)
    else:
        book.change_steps(steps, state=records.WITHDRAWN, reason=REFUSED)
    return ended


def _decide_step(book: Book, task: Task, at: Moment, *, approved: bool, reason: str) -> Task:
    steps = list(book.steps_where(task_id=task.task_id, state=records.AWAITING))
    if not approved:
        book.change_steps(steps, state=records.REFUSED, reason=reason)
        return tasks.complete(book, task, at, outcome=REFUSED, note=reason)
    code = task.kind.removeprefix(APPROVE)
    live = still_permitted(book, task.entity, code, steps, today=at.today)
    if not live:
        raise Refusal("every debt of it is paid, rests or was answered, or what the step presupposes does not hold")
    dead = [each for each in steps if each.instalment_id not in live or not _is_of_now(book, each)]
    if any(step.supply_stop for step in live.values()):
        _request_supply_stop(book, task, at, reason=code)
        book.change_steps((each for each in steps if each not in dead), state=records.DONE, ran_from=at.today)
    else:
        _plan(book, task, at, live)
    book.change_steps(dead, state=records.WITHDRAWN)
    return tasks.complete(book, task, at, outcome=APPROVED, note=reason)


def _is_of_now(book: Book, step: TakenStep) -> bool:
    return book.receivables[step.instalment_id].episode == step.episode


def _plan(book: Book, task: Task, at: Moment, steps: Mapping[UUID, Step]) -> None:
    planned = reminders.plan(
        book,
        at,
        entity=task.entity,
        playbook=playbook_of(book, task.entity, at.today),
        steps=steps,
        on=book.calendar(task.entity).next_working_day(at.today),
        approval_task_id=task.task_id,
    )
    if planned is None:
        raise Refusal("a message of this level is about to leave")


def _request_supply_stop(book: Book, task: Task, at: Moment, *, reason: str) -> None:
    case = book.open_case(task.entity)
    if case is None:
        raise Refusal("the case is closed")
    book.cases[case.case_id] = replace(case, supply_stop_date=at.today)
    book.note(SupplyStopRequested(effective_date=at.today, entity=case.entity, case_id=case.case_id, reason=reason))


def _ask_approval(book: Book, task: Task, at: Moment, *, proposed: str, role: str) -> None:
    """Let another role approve the choice; until then the step is not done."""
    approval = tasks.assign(
        book,
        at,
        task.entity,
        tasks.Assignment(
            kind=APPROVE_CHOICE,
            role=role,
            due_working_days=2,
            step=task.step,
            instalment_ids=task.instalment_ids,
            decides=True,
            proposed=proposed,
        ),
    )
    book.change_steps(book.steps_where(task_id=task.task_id), state=records.AWAITING, task_id=approval.task_id)
