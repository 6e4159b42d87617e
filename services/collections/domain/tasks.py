"""Tasks: what a person has to do, decide or approve; one for all debts of a customer, not ten (K3)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from services.collections.domain.book import Book, Moment
from services.collections.domain.facts import TaskAssigned, TaskCompleted
from services.collections.domain.records import Task

NEEDLESS = "needless"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """What a role is to do within so many working days; `subject_id` is the promise or dispute that it is about.

    One that `decides` is approved or refused. One with `choices` ends with one of them, which `approved_by` then
    approves as `proposed`.
    """

    kind: str
    role: str
    due_working_days: int
    step: str | None = None
    watched_by: str | None = None
    instalment_ids: Sequence[UUID] = ()
    decides: bool = False
    choices: Sequence[str] = ()
    subject_id: UUID | None = None
    proposed: str | None = None
    approved_by: str | None = None


def assign(book: Book, at: Moment, entity: str, wanted: Assignment) -> Task:
    """Give the role a task, or add the debts to the open task of the same kind and step."""
    for task in open_tasks(book, entity):
        same = (wanted.kind, wanted.step, wanted.subject_id, wanted.proposed)
        if (task.kind, task.step, task.subject_id, task.proposed) == same:
            more = [each for each in wanted.instalment_ids if each not in task.instalment_ids]
            book.tasks[task.task_id] = replace(task, instalment_ids=[*task.instalment_ids, *more])
            return book.tasks[task.task_id]
    task = _task(book, at, entity, wanted)
    book.tasks[task.task_id] = task
    book.note(
        TaskAssigned(
            effective_date=at.today,
            entity=entity,
            task_id=task.task_id,
            case_id=task.case_id,
            kind=task.kind,
            step=task.step,
            role=task.role,
            due_date=task.due_date,
        )
    )
    return task


def complete(book: Book, task: Task, at: Moment, *, outcome: str, note: str | None = None) -> Task:
    """End a task with what came of it."""
    ended = replace(task, outcome=outcome, note=note, completed_by=at.actor, completed_date=at.today)
    book.tasks[task.task_id] = ended
    book.note(
        TaskCompleted(
            effective_date=at.today,
            entity=task.entity,
            task_id=task.task_id,
            kind=task.kind,
            step=task.step,
            outcome=outcome,
        ),
        task.case_id,
    )
    return ended


def open_tasks(book: Book, entity: str) -> list[Task]:
    """Return the tasks that still wait for a person, in order of id."""
    waiting = (each for each in book.tasks.values() if each.entity == entity and each.outcome is None)
    return sorted(waiting, key=lambda each: each.task_id)


def end_needless(book: Book, entity: str, at: Moment) -> None:
    """End the tasks about debts of which nothing is open any more."""
    for task in open_tasks(book, entity):
        debts = [book.receivables.get(each) for each in task.instalment_ids]
        if debts and all(each is None or each.open_minor == 0 for each in debts):
            complete(book, task, at, outcome=NEEDLESS)


def end_about(book: Book, subject_id: UUID, at: Moment, *, outcome: str = NEEDLESS) -> None:
    """End the tasks about a promise or dispute that is over."""
    for task in list(book.tasks.values()):
        if task.subject_id == subject_id and task.outcome is None:
            complete(book, task, at, outcome=outcome)


def _task(book: Book, at: Moment, entity: str, wanted: Assignment) -> Task:
    case = book.open_case(entity)
    return Task(
        task_id=at.id_of("task", f"{entity}/{wanted.kind}/{wanted.step}/{wanted.subject_id}/{wanted.proposed}"),
        customer_id=book.customer_id,
        case_id=case.case_id if case is not None else None,
        entity=entity,
        kind=wanted.kind,
        step=wanted.step,
        role=wanted.role,
        watched_by=wanted.watched_by,
        assigned_date=at.today,
        due_date=book.calendar(entity).add_working_days(at.today, wanted.due_working_days),
        instalment_ids=list(wanted.instalment_ids),
        decides=wanted.decides,
        choices=list(wanted.choices) or None,
        subject_id=wanted.subject_id,
        proposed=wanted.proposed,
        approved_by=wanted.approved_by,
    )
