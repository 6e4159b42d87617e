"""What collections' callers get: one model per answer, and how each is rendered from its record."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Row

from shared.money import format_amount
from shared.web.idempotency import StoredAnswer
from shared.web.models import AmountText


class Shown(BaseModel):
    """A part of an answer: exactly these members."""

    model_config = ConfigDict(extra="forbid")


class CaseShown(Shown):
    """A case: where it stands and why, how old its oldest debt is, and what is overdue by currency."""

    case_id: UUID
    customer_id: UUID
    customer_number: str | None
    entity: str
    state: str
    stage: str
    rule: str
    policy_version: str
    anchor_instalment_id: UUID | None
    anchor_invoice_number: str | None
    stage_days: int
    since_date: date
    days_past_due: int | None
    labels: list[str]
    overdue: dict[str, AmountText]
    opened_date: date
    closed_date: date | None
    debtor_class: str | None
    supply_stop_date: date | None


class EntryShown(Shown):
    """Something that happened to a case: when it became true, when it was recorded, and by whom."""

    entry_id: UUID
    kind: str
    effective_date: date
    recorded_date: date
    recorded_at: datetime
    actor: str
    detail: dict[str, Any]


class TaskShown(Shown):
    """Something for a person; one that `decides` is approved or refused, one with `choices` ends with one of them."""

    task_id: UUID
    customer_id: UUID
    customer_number: str | None
    case_id: UUID | None
    entity: str
    kind: str
    step: str | None
    role: str
    watched_by: str | None
    state: str
    assigned_date: date
    due_date: date
    decides: bool
    choices: list[str] | None
    proposed: str | None
    subject_id: UUID | None
    instalment_ids: list[UUID]
    outcome: str | None
    note: str | None
    completed_by: str | None
    completed_date: date | None


class PromiseShown(Shown):
    """A promise to pay, what came in time for it, and how it stands."""

    promise_id: UUID
    customer_id: UUID
    customer_number: str | None
    entity: str
    currency: str
    amount: AmountText
    paid: AmountText
    made_date: date
    promised_date: date
    lapses_date: date
    instalment_ids: list[UUID]
    state: str
    decided_date: date | None
    reason: str | None


class DisputeShown(Shown):
    """A contested amount, and how it ended."""

    dispute_id: UUID
    customer_id: UUID
    customer_number: str | None
    entity: str
    invoice_id: UUID
    instalment_id: UUID
    currency: str
    amount: AmountText
    reason: str
    state: str
    opened_date: date
    outcome: str | None
    credited: AmountText | None
    resolved_date: date | None


class PauseShown(Shown):
    """A rest of dunning."""

    pause_id: UUID
    customer_id: UUID
    customer_number: str | None
    entity: str | None
    scope: str
    invoice_id: UUID | None
    case_id: UUID | None
    start_date: date
    end_date: date | None
    reason: str
    ended: bool


class ReminderLineShown(Shown):
    """A debt that a reminder speaks of."""

    instalment_id: UUID
    invoice_id: UUID
    invoice_number: str
    ordinal: int
    due_date: date
    currency: str
    collectible: AmountText
    episode: int
    step: str | None
    days_past_due: int


class ReminderShown(Shown):
    """An intent to speak to the customer, and what became of it."""

    reminder_id: UUID
    customer_id: UUID
    customer_number: str | None
    case_id: UUID | None
    entity: str
    purpose: str
    step: str
    planned_date: date
    channels: list[str]
    formal: bool
    playbook_version: str
    state: str
    reason: str | None
    sent_date: date | None
    lines: list[ReminderLineShown]


def answer(status: int, shown: BaseModel) -> StoredAnswer:
    """Return an answer whose bytes are kept with its effects."""
    return StoredAnswer(status, shown.model_dump_json().encode())


def fitting(model: type[BaseModel], row: Row[Any]) -> dict[str, Any]:
    """Return the columns of a row that are members of the model as they are."""
    return {name: value for name, value in row._asdict().items() if name in model.model_fields}


def money(minor: int, currency: str) -> str:
    """Return minor units as text."""
    return format_amount(minor, currency)


class Receipt(Shown):
    """What a change came to; the record itself is read by its id."""

    customer_id: UUID
    state: str


class PromiseReceipt(Receipt):
    """A promise that is open, or proposed and waiting for a manager."""

    promise_id: UUID
    lapses_date: date


class DisputeReceipt(Receipt):
    """A dispute that is open or resolved."""

    dispute_id: UUID
    instalment_id: UUID
    outcome: str | None


class PauseReceipt(Receipt):
    """A pause with the case that it is for, if it is for one."""

    pause_id: UUID
    case_id: UUID | None
    start_date: date
    end_date: date | None


class TaskReceipt(Receipt):
    """A task that is over."""

    task_id: UUID
    outcome: str | None


class CaseReceipt(Receipt):
    """A case that a person steered; its stage is read by its id."""

    case_id: UUID
