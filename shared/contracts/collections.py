"""What collections publishes: the work on overdue debts, its stages, its reminders and what people agreed."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts import event
from shared.contracts.event import Code, Currency, DailyRatePct, Event, Minor, Part, Reference

Stage = Annotated[
    Code, Field(description="A stage of the stages policy: salesperson, manager, legal, proceedings by default")
]
Channel = Literal["email", "sms", "letter"]


class StageReason(Part):
    """Why a case stands where it stands (K2)."""

    rule: Annotated[
        Code, Field(description="The condition that decided: days, sum, invoices, grade, floor_broken_promise, ...")
    ]
    policy_version: Reference
    anchor_instalment_id: UUID | None = None
    days: Annotated[int, Field(description="Days past due of the anchor, less grace and paused days")]
    true_since: Annotated[date, Field(description="The business date on which it became true")]


class CaseOpened(Event, wire="collections.case-opened.v1"):
    """The first instalment of this customer at this entity is overdue (K1)."""

    case_id: UUID
    entity: Code
    stage: Stage
    reason: StageReason


class StageEscalated(Event, wire="collections.stage-escalated.v1"):
    """The case rose one stage; several rises at once are several events."""

    case_id: UUID
    entity: Code
    from_stage: Stage
    to_stage: Stage
    reason: StageReason


class StageEased(Event, wire="collections.stage-eased.v1"):
    """The case fell back, because its oldest debt was paid, disputed or paused."""

    case_id: UUID
    entity: Code
    from_stage: Stage
    to_stage: Stage
    reason: StageReason


class CaseClosed(Event, wire="collections.case-closed.v1"):
    """Nothing of this customer is overdue at this entity any more."""

    case_id: UUID
    entity: Code
    reason: Code


class ReminderLine(Part):
    """One debt that a reminder speaks of; `step` is what this debt reaches by it, none if it is only listed."""

    instalment_id: UUID
    invoice_id: UUID
    invoice_number: Reference
    ordinal: Annotated[int, Field(ge=1)]
    due_date: date
    currency: Currency
    collectible_minor: Minor
    episode: Annotated[int, Field(ge=1)]
    step: Code | None = None
    days_past_due: int
    penalty_pct_per_day: DailyRatePct


class ReminderPlanned(Event, wire="collections.reminder-planned.v1"):
    """An intent to speak to the customer; it may be withdrawn until it leaves (K5)."""

    reminder_id: UUID
    case_id: UUID | None = None
    entity: Code
    purpose: Annotated[
        Code,
        Field(description="Names the template: pre_due, reminder, second_reminder, formal_demand, lawyer_letter, ..."),
    ]
    step: Annotated[Code, Field(description="The highest step among the lines")]
    planned_date: date
    channels: Annotated[list[Channel], Field(min_length=1)]
    formal: Annotated[
        bool, Field(description="Goes only to a verified contact for service; its arrival starts a period")
    ]
    answer_working_days: Annotated[int | None, Field(ge=1)] = None
    approval_task_id: Annotated[
        UUID | None, Field(description="The task by which a person approved this message; none if nobody was asked")
    ] = None
    playbook_version: Reference
    lines: Annotated[list[ReminderLine], Field(min_length=1)]


class ReminderWithdrawn(Event, wire="collections.reminder-withdrawn.v1"):
    """The intent will not be carried out, and why."""

    reminder_id: UUID
    reason: Annotated[Code, Field(description="paid, disputed, promised, paused, superseded, case_closed, refused")]


class TaskAssigned(Event, wire="collections.task-assigned.v1"):
    """A person has something to do, decide or approve."""

    task_id: UUID
    case_id: UUID | None = None
    entity: Code
    kind: Code
    step: Code | None = None
    role: Code
    due_date: date


class TaskCompleted(Event, wire="collections.task-completed.v1"):
    """A person did, skipped, approved or refused a task, or it became needless."""

    task_id: UUID
    kind: Code
    step: Code | None = None
    outcome: Code


class PromiseMade(Event, wire="collections.promise-made.v1"):
    """The customer promised to pay; dunning for these debts rests until it lapses."""

    promise_id: UUID
    entity: Code
    currency: Currency
    amount_minor: Minor
    promised_date: date
    lapses_date: Annotated[date, Field(description="The last day of tolerance; the first marker after it decides")]
    instalment_ids: Annotated[list[UUID], Field(description="Empty: a sum towards anything of that entity")]


class PromiseOutcome(Part):
    """How a promise ended."""

    promise_id: UUID
    entity: Code
    currency: Currency
    amount_minor: Minor
    paid_minor: Minor
    instalment_ids: list[UUID]


class PromiseKept(PromiseOutcome, Event, wire="collections.promise-kept.v1"):
    """Enough money came in time."""


class PromisePartlyKept(PromiseOutcome, Event, wire="collections.promise-partly-kept.v1"):
    """Some money came in time, not enough."""


class PromiseBroken(PromiseOutcome, Event, wire="collections.promise-broken.v1"):
    """Nothing came in time, or what came bounced."""


class PromiseWithdrawn(Event, wire="collections.promise-withdrawn.v1"):
    """The promise counts no more, by a person's decision."""

    promise_id: UUID
    entity: Code
    reason: Code
    instalment_ids: list[UUID]


class PauseStarted(Event, wire="collections.pause-started.v1"):
    """Dunning rests for these debts from `start_date` to `end_date` (K22)."""

    pause_id: UUID
    entity: Code | None = None
    scope: Literal["invoice", "customer", "case"]
    invoice_id: UUID | None = None
    start_date: date
    end_date: date | None = None
    reason: Code


class PauseEnded(Event, wire="collections.pause-ended.v1"):
    """The pause is over, on its date or before."""

    pause_id: UUID
    end_date: date
    reason: Code


class DisputeOpened(Event, wire="collections.dispute-opened.v1"):
    """An amount of an instalment is contested; only that amount rests (K10)."""

    dispute_id: UUID
    entity: Code
    invoice_id: UUID
    instalment_id: UUID
    currency: Currency
    amount_minor: Minor
    reason: Code


class DisputeResolved(Event, wire="collections.dispute-resolved.v1"):
    """The dispute is decided; what was not credited is collectible again at its full age."""

    dispute_id: UUID
    entity: Code
    invoice_id: UUID
    instalment_id: UUID
    currency: Currency
    amount_minor: Minor
    outcome: Annotated[Code, Field(description="credited | partly_credited | rejected | withdrawn")]
    credited_minor: Annotated[Minor, Field(description="What the ledger now credits by a credit note of its own")]
    dunning_from: Annotated[date, Field(description="No message about it before this day")]


class SupplyStopRequested(Event, wire="collections.supply-stop-requested.v1"):
    """A manager approved that deliveries to this customer should stop."""

    case_id: UUID
    entity: Code
    reason: Code


class DayWorked(event.DayWorked, Event, wire="collections.day-worked.v1"):
    """Collections has ended this day for this partition."""
