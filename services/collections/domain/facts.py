"""What the domain says has happened: each becomes an event of the same name, or only an entry in the case's history."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that happened to one customer; `effective_date` is when it became true."""

    subject: ClassVar[str]
    effective_date: date
    entity: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageReason:
    """Why a case stands where it stands."""

    rule: str
    policy_version: str
    anchor_instalment_id: UUID | None
    days: int
    true_since: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOpened(Fact):
    """The first instalment is overdue."""

    subject = "case_id"
    case_id: UUID
    stage: str
    reason: StageReason


@dataclass(frozen=True, slots=True, kw_only=True)
class StageEscalated(Fact):
    """The case rose one stage."""

    subject = "case_id"
    case_id: UUID
    from_stage: str
    to_stage: str
    reason: StageReason


@dataclass(frozen=True, slots=True, kw_only=True)
class StageEased(Fact):
    """The case fell back."""

    subject = "case_id"
    case_id: UUID
    from_stage: str
    to_stage: str
    reason: StageReason


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseClosed(Fact):
    """Nothing is overdue any more."""

    subject = "case_id"
    case_id: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtorClassified(Fact):
    """A person confirmed what kind of debtor this is; kept in the history only."""

    subject = "case_id"
    case_id: UUID
    debtor_class: str | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorLowered(Fact):
    """A person took back what a broken promise had lifted; kept in the history only."""

    subject = "case_id"
    case_id: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderLine:
    """One debt that a reminder speaks of; `step` is what it reaches by it, None where it is only listed."""

    instalment_id: UUID
    invoice_id: UUID
    invoice_number: str
    ordinal: int
    due_date: date
    currency: str
    collectible_minor: int
    episode: int
    step: str | None
    days_past_due: int
    penalty_pct_per_day: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderPlanned(Fact):
    """An intent to speak to the customer."""

    subject = "reminder_id"
    reminder_id: UUID
    case_id: UUID | None
    purpose: str
    step: str
    planned_date: date
    channels: list[str]
    formal: bool
    answer_working_days: int | None
    approval_task_id: UUID | None
    playbook_version: str
    lines: list[ReminderLine]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderWithdrawn(Fact):
    """The intent will not be carried out."""

    subject = "reminder_id"
    reminder_id: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderEnded(Fact):
    """What became of a reminder according to notifications; kept in the history only."""

    subject = "reminder_id"
    reminder_id: UUID
    outcome: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskAssigned(Fact):
    """A person has something to do, decide or approve."""

    subject = "task_id"
    task_id: UUID
    case_id: UUID | None
    kind: str
    step: str | None
    role: str
    due_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCompleted(Fact):
    """A task is over."""

    subject = "task_id"
    task_id: UUID
    kind: str
    step: str | None
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyStopRequested(Fact):
    """Deliveries should stop."""

    subject = "case_id"
    case_id: UUID
    reason: str


HISTORY_ONLY = (DebtorClassified, FloorLowered, ReminderEnded)
