"""A message from the intent to its end: what it is, in which states it can be, and what people decide about it (N4)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

Channel = Literal["email", "sms", "letter"]
Dropped = Mapping[UUID, str]
"""Why lines were left out, by instalment."""


class State(StrEnum):
    """Where a message stands; its keys are held while it is claimed, sent or unknown, and free otherwise."""

    WAITING = "waiting"
    RELEASED = "released"
    WAITING_FOR_APPROVAL = "waiting_for_approval"
    RETRYING = "retrying"
    CLAIMED = "claimed"
    SENT = "sent"
    UNKNOWN = "unknown"
    FAILED = "failed"
    WITHHELD = "withheld"
    WITHDRAWN = "withdrawn"
    ABANDONED = "abandoned"


HOLDING = frozenset({State.CLAIMED, State.SENT, State.UNKNOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A debt to speak of; `step` is None where it is only listed, `dropped_reason` says why it is left out."""

    instalment_id: UUID
    step: str | None
    episode: int
    dropped_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One decision to speak to a customer on one channel, for one reminder of collections.

    `accompanies` says that it goes beside the reminder's first message, which counts. `preapproved` says that a person
    approved the intent; `edition` counts the edits of `remark` since, and `approved_edition` is the one approved here.
    `due_date` is the business day that releases it, `due_at` the instant before which it is not looked at again;
    `first_attempt_at`, `unknown_attempts` and what is last known count since a person last decided about it.
    """

    message_id: UUID
    reminder_id: UUID
    customer_id: UUID
    partition_no: int
    entity: str
    purpose: str
    step: str
    planned_date: date
    due_date: date
    formal: bool
    answer_working_days: int | None
    channels: tuple[str, ...]
    channel: Channel = "email"
    accompanies: bool = False
    preapproved: bool = False
    correlation_id: str
    traceparent: str
    lines: tuple[Line, ...]
    state: State = State.WAITING
    reason: str | None = None
    due_at: datetime | None = None
    by_hand: bool = False
    attempts: int = 0
    civil_date: date | None = None
    arrives_date: date | None = None
    first_attempt_at: datetime | None = None
    unknown_attempts: int = 0
    last_provider: str | None = None
    last_outcome: str | None = None
    remark: str = ""
    edition: int = 0
    approved_edition: int | None = None
    edited_by: str | None = None
    look: str | None = None

    @property
    def carries_letter(self) -> bool:
        """Return whether the message carries its words as a letter, too (N13)."""
        return self.channel == "email" and (self.formal or "letter" in self.channels)


OutcomeKind = Literal["taken", "deferred", "refused", "unknown", "not_begun"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of an attempt.

    taken: the server answered 250 after the content. deferred: certainly not delivered, worth trying again.
    refused: the server will not have it for this recipient. unknown: begun, and nobody can say. not_begun: nothing
    was sent at all. A deferral may say when to try again, or that another provider may be tried at once; a refusal may
    have its own reason, and blame something else than the address.
    """

    kind: OutcomeKind
    code: int | None = None
    answer: str = ""
    reason: str | None = None
    retry_after_seconds: int = 0
    elsewhere: bool = False
    blames_address: bool = True


Action = Literal["resend", "mark_sent", "give_up"]


class NotOpen(Exception):
    """There is nothing for a person to decide about this message, or not this."""


def resolved(message: Message, action: Action, *, at: datetime) -> Message:
    """Return the message after a person decided about it; raise NotOpen where that decision does not apply."""
    match message.state, action:
        case ((State.UNKNOWN | State.FAILED), "resend"):
            return replace(message, state=State.RELEASED, reason=None, by_hand=True, due_at=at, civil_date=None)
        case State.UNKNOWN, "mark_sent":
            return replace(message, state=State.SENT, reason="marked_sent")
        case ((State.UNKNOWN | State.FAILED), "give_up"):
            return replace(message, state=State.ABANDONED, reason="given_up", civil_date=None)
        case _:
            msg = f"The message is {message.state}; this decision does not apply."
            raise NotOpen(msg)
