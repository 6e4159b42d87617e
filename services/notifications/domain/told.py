"""What a restored database learns from its own topic: a message that was told to have gone does not go again (N4)."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal
from uuid import UUID

from services.notifications.domain.message import Message, State

TOLD_BEFORE = "told_before"
"""Why a message counts as sent that has no attempt here: the topic says so, and its content went with the database."""

Fate = Literal["sent", "failed", "withheld", "unknown"]

_AHEAD = frozenset({State.WAITING, State.RELEASED, State.WAITING_FOR_APPROVAL, State.RETRYING})
_BEGUN = frozenset({State.CLAIMED, State.UNKNOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The last that the topic says of a message; `told_date` is the date of the attempt, or of the decision.

    Where it was sent, `instalment_ids` are the debts of which it spoke, and `arrived_date` is known if that was told.
    """

    message_id: UUID
    customer_id: UUID
    fate: Fate
    told_date: date
    reason: str | None
    contact_role: str | None
    instalment_ids: tuple[UUID, ...]
    arrived_date: date | None


def as_told(message: Message, told: Told, *, arrives_date: date | None) -> Message | None:
    """Return the message as it was told to be; None where this database knows that, or better."""
    gone = replace(message, civil_date=told.told_date, attempts=message.attempts + (message.state not in _BEGUN))
    match told.fate:
        case "sent" if message.state is not State.SENT:
            return replace(gone, state=State.SENT, reason=TOLD_BEFORE, arrives_date=told.arrived_date or arrives_date)
        case "unknown" if message.state in _AHEAD | {State.CLAIMED, State.WITHDRAWN}:
            return replace(gone, state=State.UNKNOWN, reason="outcome_unknown")
        case "failed" if message.state in _AHEAD | _BEGUN:
            return replace(gone, state=State.FAILED, reason=told.reason, civil_date=None)
        case "withheld" if message.state in _AHEAD | _BEGUN:
            return replace(message, state=State.WITHHELD, reason=told.reason, civil_date=None)
    return None
