"""What collections keeps of its own work for a customer: cases, steps, reminders, promises, disputes and tasks."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.collections.domain.facts import ReminderLine

# States of a step of one instalment in one episode. Only WITHDRAWN leaves it free to happen (again).
PLANNED = "planned"
SENT = "sent"
UNKNOWN = "unknown"
UNDELIVERABLE = "undeliverable"
AWAITING = "awaiting"
ASSIGNED = "assigned"
DONE = "done"
REFUSED = "refused"
SUPERSEDED = "superseded"
WITHDRAWN = "withdrawn"
# States of a reminder besides PLANNED, SENT, UNKNOWN and WITHDRAWN: notifications would not, or could not, send it.
WITHHELD = "withheld"
FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The open work on what one customer owes one entity overdue (K1)."""

    case_id: UUID
    customer_id: UUID
    entity: str
    stage: str
    rule: str
    policy_version: str
    anchor_instalment_id: UUID | None
    days: int
    since_date: date
    opened_date: date
    closed_date: date | None = None
    debtor_class: str | None = None
    classified_date: date | None = None
    answered_date: date | None = None
    supply_stop_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenStep:
    """What became of one step for one instalment in one episode; it happens once (K3)."""

    instalment_id: UUID
    episode: int
    step: str
    customer_id: UUID
    state: str
    decided_date: date
    reason: str | None = None
    reminder_id: UUID | None = None
    task_id: UUID | None = None
    ran_from: date | None = None
    """When the notice arrived or the task was done: periods run from here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """An intent to speak to the customer, until it leaves or is withdrawn (K5)."""

    reminder_id: UUID
    customer_id: UUID
    case_id: UUID | None
    entity: str
    purpose: str
    step: str
    planned_date: date
    channels: list[str]
    formal: bool
    answer_working_days: int | None
    playbook_version: str
    lines: list[ReminderLine]
    state: str = PLANNED
    reason: str | None = None
    sent_date: date | None = None

    @property
    def is_before_due(self) -> bool:
        """Return whether it speaks only of what falls due later."""
        return all(line.due_date >= self.planned_date for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """A payment's part that counts for a promise."""

    credit_id: UUID
    minor: int
    effective_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What the customer promised; `instalment_ids` as he named them, `covered_ids` what rests while it is open (K8)."""

    promise_id: UUID
    customer_id: UUID
    entity: str
    currency: str
    amount_minor: int
    made_date: date
    promised_date: date
    lapses_date: date
    instalment_ids: list[UUID]
    covered_ids: list[UUID]
    state: str
    money: list[Money]
    decided_date: date | None = None
    floor_stage: str | None = None
    floor_since: date | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """A contested amount; after a resolution by credit, `resting_minor` waits for the ledger's credit note (K10)."""

    dispute_id: UUID
    customer_id: UUID
    entity: str
    invoice_id: UUID
    instalment_id: UUID
    currency: str
    amount_minor: int
    resting_minor: int
    reason: str
    opened_date: date
    outcome: str | None = None
    credited_minor: int = 0
    resolved_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something for a person; `subject_id` is the promise or dispute it decides on."""

    task_id: UUID
    customer_id: UUID
    case_id: UUID | None
    entity: str
    kind: str
    step: str | None
    role: str
    watched_by: str | None
    assigned_date: date
    due_date: date
    instalment_ids: list[UUID]
    decides: bool = False
    choices: list[str] | None = None
    subject_id: UUID | None = None
    proposed: str | None = None
    approved_by: str | None = None
    outcome: str | None = None
    note: str | None = None
    completed_by: str | None = None
    completed_date: date | None = None
