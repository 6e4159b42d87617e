"""Reminders and the steps of the playbook over HTTP: what was planned, what became of it, and why (K3, K5)."""

from datetime import date
from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import Row

from services.collections.api.asking import Code, find
from services.collections.api.shown import ReminderLineShown, ReminderShown, Shown, fitting, money
from services.collections.store.histories import count_steps, list_steps
from services.collections.store.listings import REMINDERS, list_records
from shared.service import Context
from shared.web.cursor import Listing, Page
from shared.web.customers import NamedCustomer
from shared.web.keys import Reader
from shared.web.models import AmountText, BusinessDate
from shared.web.routing import router

State = Literal["planned", "sent", "unknown", "withdrawn", "withheld", "failed"]
_FIRST = UUID(int=0)


class StepShown(Shown):
    """What became of a step for one debt, in one episode."""

    customer_id: UUID
    customer_number: str | None
    entity: str
    instalment_id: UUID
    invoice_number: str
    ordinal: int
    due_date: date
    currency: str
    open: AmountText
    episode: int
    step: str
    state: str
    reason: str | None
    decided_date: date
    reminder_id: UUID | None
    task_id: UUID | None


class StepCount(Shown):
    """How often a step came to a state, and for which reason."""

    step: str
    state: str
    reason: str | None
    number: int


class StepCounts(BaseModel):
    """The counts of a period."""

    items: list[StepCount]


def reminders_router(context: Context) -> APIRouter:
    """Return the routes of reminders and steps."""
    routes = router(prefix="/v1", tags=["reminders"])

    @routes.get("/reminders")
    async def listing(
        _caller: Reader, paging: Listing, customer_id: NamedCustomer, state: State | None = None
    ) -> Page[ReminderShown]:
        """List reminders by planned date."""
        async with context.reading.connect() as connection:
            rows = await list_records(
                connection, REMINDERS, after=paging.after, rows=paging.limit + 1, customer_id=customer_id, state=state
            )
        return Page(
            **paging.page(rows, position=lambda row: [row.planned_date.isoformat(), str(row.reminder_id)], item=_shown)
        )

    @routes.get("/reminders/{reminder_id}")
    async def show(_caller: Reader, reminder_id: UUID) -> ReminderShown:
        """Show a reminder with its lines."""
        return _shown(await find(context, REMINDERS, reminder_id))

    @routes.get("/steps")
    async def steps(_caller: Reader, paging: Listing, step: Code, decided_date: BusinessDate) -> Page[StepShown]:
        """List the debts that a step was decided for on a day, such as the salesperson's list of what falls due."""
        after = UUID(str(paging.after[0])) if paging.after else _FIRST
        async with context.reading.connect() as connection:
            rows = await list_steps(connection, step=step, day=decided_date, after=after, rows=paging.limit + 1)
        return Page(**paging.page(rows, position=lambda row: [str(row.instalment_id)], item=_step))

    @routes.get("/step-counts")
    async def counts(_caller: Reader, first: BusinessDate, last: BusinessDate) -> StepCounts:
        """Count what became of the playbook's steps between two dates, the last included."""
        async with context.reading.connect() as connection:
            rows = await count_steps(connection, first=first, last=last)
        return StepCounts(items=[StepCount(**row._asdict()) for row in rows])

    return routes


def _shown(row: Row[Any]) -> ReminderShown:
    return ReminderShown(**fitting(ReminderShown, row) | {"lines": [_line(each) for each in row.lines]})


def _line(line: dict[str, Any]) -> ReminderLineShown:
    members = {name: value for name, value in line.items() if name in ReminderLineShown.model_fields}
    return ReminderLineShown(**members, collectible=money(line["collectible_minor"], line["currency"]))


def _step(row: Row[Any]) -> StepShown:
    return StepShown(**fitting(StepShown, row), open=money(row.open_minor, row.currency))
