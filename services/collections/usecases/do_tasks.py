"""Completes people's tasks, and decides those that wait for approval (K3)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.collections.domain import decisions
from services.collections.domain.book import Book, Moment
from services.collections.domain.records import Task
from services.collections.usecases.request import Request, change_books
from shared.messaging.outbox import Outbox
from shared.web.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteTask:
    """The task is over with this outcome."""

    request: Request
    task_id: UUID
    outcome: str
    note: str | None

    @property
    def named(self) -> Collection[UUID]:
        """Return the task, which may be over."""
        return (self.task_id,)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideTask:
    """What waits for approval is approved or refused, for this reason."""

    request: Request
    task_id: UUID
    approved: bool
    reason: str

    @property
    def named(self) -> Collection[UUID]:
        """Return the task, which may be over."""
        return (self.task_id,)


async def complete_tasks(
    connection: AsyncConnection, commands: Sequence[CompleteTask], *, outbox: Outbox
) -> list[Task | Problem]:
    """End the tasks."""
    return await change_books(connection, commands, outbox=outbox, change=_complete)


async def decide_tasks(
    connection: AsyncConnection, commands: Sequence[DecideTask], *, outbox: Outbox
) -> list[Task | Problem]:
    """Approve or refuse."""
    return await change_books(connection, commands, outbox=outbox, change=_decide)


def _complete(book: Book, at: Moment, command: CompleteTask) -> Task:
    return decisions.complete(book, book.tasks[command.task_id], at, outcome=command.outcome, note=command.note)


def _decide(book: Book, at: Moment, command: DecideTask) -> Task:
    task = book.tasks[command.task_id]
    return decisions.decide(book, task, at, approved=command.approved, reason=command.reason)
