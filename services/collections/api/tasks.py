"""People's tasks over HTTP: the work list, and what came of each (K3)."""

from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy import Row

from services.collections.api.asking import Code, Note, ask, find, gather
from services.collections.api.shown import TaskReceipt, TaskShown, answer, fitting
from services.collections.domain.records import Task
from services.collections.store.listings import TASKS, list_records
from services.collections.usecases.do_tasks import CompleteTask, DecideTask, complete_tasks, decide_tasks
from shared.service import Context
from shared.web.cursor import Listing, Page
from shared.web.customers import NamedCustomer
from shared.web.idempotency import Keyed, StoredAnswer
from shared.web.keys import Reader
from shared.web.models import BusinessDate, StrictModel
from shared.web.routing import JsonBody, router


class CompletionBody(StrictModel):
    """What came of the task: done, skipped, answered (the customer replied), or one of its choices."""

    outcome: Code
    note: Note | None = None


class DecisionBody(StrictModel):
    """Whether it may go on, and why."""

    decision: Literal["approve", "refuse"]
    reason: Note


def tasks_router(context: Context) -> APIRouter:
    """Return the routes of tasks."""
    routes = router(prefix="/v1/tasks", tags=["tasks"])
    completing = gather(context, complete_tasks, _ended)
    deciding = gather(context, decide_tasks, _ended)

    @routes.get("")
    async def listing(
        _caller: Reader,
        paging: Listing,
        customer_id: NamedCustomer,
        role: Code | None = None,
        state: Literal["open", "done"] | None = None,
        due_until: BusinessDate | None = None,
    ) -> Page[TaskShown]:
        """List tasks by due date; `role` finds those of a role and those it watches until they are decided."""
        async with context.reading.connect() as connection:
            rows = await list_records(
                connection,
                TASKS,
                after=paging.after,
                rows=paging.limit + 1,
                customer_id=customer_id,
                role=role,
                open=None if state is None else state == "open",
                due_until=due_until,
            )
        return Page(**paging.page(rows, position=lambda row: [row.due_date.isoformat(), str(row.task_id)], item=_shown))

    @routes.get("/{task_id}")
    async def show(_caller: Reader, task_id: UUID) -> TaskShown:
        """Show a task."""
        return _shown(await find(context, TASKS, task_id))

    @routes.post("/{task_id}/completion", response_model=TaskReceipt)
    async def complete(task_id: UUID, body: JsonBody[CompletionBody], keyed: Keyed) -> Response:
        """End a task with its outcome."""
        customer_id = (await find(context, TASKS, task_id)).customer_id
        command = CompleteTask(
            request=ask(context, keyed, customer_id), task_id=task_id, outcome=body.outcome, note=body.note
        )
        return (await completing.submit(keyed.work(command, customer_ids=[customer_id]))).response()

    @routes.post("/{task_id}/decision", response_model=TaskReceipt)
    async def decide(task_id: UUID, body: JsonBody[DecisionBody], keyed: Keyed) -> Response:
        """Approve or refuse what waits for a person: a formal letter, a supply stop, a promise, a legal path."""
        customer_id = (await find(context, TASKS, task_id)).customer_id
        command = DecideTask(
            request=ask(context, keyed, customer_id),
            task_id=task_id,
            approved=body.decision == "approve",
            reason=body.reason,
        )
        return (await deciding.submit(keyed.work(command, customer_ids=[customer_id]))).response()

    return routes


def _ended(task: Task) -> StoredAnswer:
    shown = TaskReceipt(
        task_id=task.task_id, customer_id=task.customer_id, state=_state(task.outcome), outcome=task.outcome
    )
    return answer(200, shown)


def _shown(row: Row[Any]) -> TaskShown:
    return TaskShown(**fitting(TaskShown, row), state=_state(row.outcome))


def _state(outcome: str | None) -> str:
    return "open" if outcome is None else "done"
