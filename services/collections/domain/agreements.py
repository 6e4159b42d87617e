"""What happened to what was agreed or contested: promises, pauses and disputes."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.collections.domain.facts import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseMade(Fact):
    """The customer promised to pay."""

    subject = "promise_id"
    promise_id: UUID
    currency: str
    amount_minor: int
    promised_date: date
    lapses_date: date
    instalment_ids: list[UUID]


@dataclass(frozen=True, slots=True, kw_only=True)
class _PromiseDecided(Fact):
    subject = "promise_id"
    promise_id: UUID
    currency: str
    amount_minor: int
    paid_minor: int
    instalment_ids: list[UUID]


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseKept(_PromiseDecided):
    """Enough money came in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromisePartlyKept(_PromiseDecided):
    """Some money came in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseBroken(_PromiseDecided):
    """Nothing came in time, or what came bounced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseWithdrawn(Fact):
    """The promise counts no more."""

    subject = "promise_id"
    promise_id: UUID
    reason: str
    instalment_ids: list[UUID]


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseStarted(Fact):
    """Dunning rests."""

    subject = "pause_id"
    pause_id: UUID
    scope: str
    invoice_id: UUID | None
    start_date: date
    end_date: date | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseEnded(Fact):
    """The rest is over."""

    subject = "pause_id"
    pause_id: UUID
    end_date: date
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeOpened(Fact):
    """An amount is contested."""

    subject = "dispute_id"
    dispute_id: UUID
    invoice_id: UUID
    instalment_id: UUID
    currency: str
    amount_minor: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeResolved(Fact):
    """The dispute is decided."""

    subject = "dispute_id"
    dispute_id: UUID
    invoice_id: UUID
    instalment_id: UUID
    currency: str
    amount_minor: int
    outcome: str
    credited_minor: int
    dunning_from: date
