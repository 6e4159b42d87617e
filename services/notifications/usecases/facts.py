"""What every event about a message says of it, and the cause of what the sender does with one."""

from datetime import date, datetime
from typing import Any

from services.notifications.domain.message import Message
from services.notifications.usecases.desk import ACTOR
from shared.contracts.notifications import MessageLine, MessageWithheld
from shared.ids import derived_id
from shared.messaging.outgoing import Cause


def fact_of(message: Message) -> dict[str, Any]:
    """Return the fields of `MessageFact`."""
    return {
        "message_id": message.message_id,
        "reminder_id": message.reminder_id,
        "entity": message.entity,
        "purpose": message.purpose,
        "step": message.step,
        "accompanies": message.accompanies,
    }


def lines_of(message: Message) -> list[MessageLine]:
    """Return the debts that the message speaks of; those that were dropped from it before are not among them."""
    return [
        MessageLine(instalment_id=line.instalment_id, step=line.step, episode=line.episode)
        for line in message.lines
        if line.dropped_reason is None
    ]


def withheld_of(message: Message, reason: str) -> MessageWithheld:
    """Return the event that the message will not go."""
    return MessageWithheld(**fact_of(message), channel=message.channel, reason=reason, lines=lines_of(message))


def cause_of_message(message: Message, what: str, *, day: date, now: datetime) -> Cause:
    """Return the cause of what the sender does with a message; doing it again gives the same ids."""
    return Cause(
        cause_id=derived_id(message.message_id, what),
        actor=ACTOR,
        correlation_id=message.correlation_id,
        traceparent=message.traceparent,
        business_date=day,
        recorded_at=now,
    )
