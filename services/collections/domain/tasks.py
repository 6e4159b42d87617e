"""Tasks: what a person has to do, decide or approve; one for all debts of a customer, not ten (K3)."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from services.collections.domain.book import Book, Moment
from services.collections.domain.facts import TaskAssigned, TaskCompleted
from services.collections.domain.records import Task

NEEDLESS = "needless"


def assign(
    book: Book,
    at: Moment,
    *,
    entity: str,
    kind: str,
    role: str,
    due_working_days: int,
    step: str | None = None,
    watched_by: str | None = None,
    instalment_ids: Iterable[UUID] = (),
    decides: bool = False,
    choices: Sequence[str] = (),
    subject_id: UUID | None = None,
    proposed: str | None = None,
    approved_by: str | None = None,
) -> Task:
    """Give the role a task, or add the debts to the open task of the same kind and step."""
    wanted = list(instalment_ids)
    for task in open_tasks(book, entity):
        if (task.kind, task.step, task.subject_id, task.proposed) == (kind, step, subject_id, proposed):
            more = [each for each in wanted if each not in task.instalment_ids]
            book.tasks[task.task_id] = replace(task, instalment_ids=[*task.instalment_ids, *more])
            return book.tasks[task.task_id]
    case = book.open_case(entity)
    task = Task(
        task_id=at.id_of("task", f"{entity}/{kind}/{step}/{subject_id}/{proposed}"),
        customer_id=book.customer_id,
        case_id=case.case_id if case is not None else None,
        entity=entity,
        kind=kind,
        step=step,
        role=role,
        watched_by=watched_by,
        assigned_date=at.today,
        due_date=book.calendar(entity).add_working_days(at.today, due_working_days),
        instalment_ids=wanted,
        decides=decides,
        choices=list(choices) or None,
        subject_id=subject_id,
        proposed=proposed,
        approved_by=approved_by,
    )
    book.tasks[task.task_id] = task
    book.note(
        TaskAssigned(
            effective_date=at.today,
            entity=entity,
            task_id=task.task_id,
            case_id=task.case_id,
            kind=kind,
            step=step,
            role=role,
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
