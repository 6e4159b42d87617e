"""Tells what came of an attempt, by events that carry ids and hashes and never a person's data."""

from dataclasses import dataclass
from uuid import UUID

from services.notifications.domain.message import Message, State
from services.notifications.domain.settling import Settlement
from services.notifications.store.attempts import Attempt
from services.notifications.usecases.facts import fact_of, lines_of
from shared.contracts.event import Event
from shared.contracts.notifications import (
    ContactPointInvalid,
    MessageFailed,
    MessageOutcomeUnknown,
    MessageSent,
)
from shared.messaging.outgoing import Cause, Outgoing


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A message as an attempt leaves it, with the attempt and why."""

    message: Message
    attempt: Attempt
    settlement: Settlement


def tell_settlement(settled: Settled, cause: Cause) -> list[Outgoing]:
    """Return the events of one settled attempt; a message that is to be tried again has nothing to tell yet."""
    told: list[tuple[UUID, Event]] = [(settled.message.message_id, event) for event in _of_message(settled)]
    if settled.settlement.address_invalid:
        told.append((settled.attempt.contact_point_id, invalid_of(settled.attempt, settled.settlement)))
    return [
        Outgoing(
            event=event,
            subject=str(subject),
            cause=cause,
            effective_date=settled.attempt.civil_date,
            customer_id=settled.message.customer_id,
        )
        for subject, event in told
    ]


def _of_message(settled: Settled) -> list[Event]:
    message, attempt = settled.message, settled.attempt
    fact = {**fact_of(message), "channel": attempt.channel}
    match message.state:
        case State.SENT:
            return [
                MessageSent(
                    **fact,
                    sent_at=attempt.civil_at,
                    sent_date=attempt.civil_date,
                    content_sha256=attempt.content_sha256,
                    contact_role=attempt.contact_role,
                    template_version=attempt.template_version,
                    letter_sha256=attempt.letter_sha256,
                    lines=lines_of(message),
                )
            ]
        case State.FAILED | State.ABANDONED:
            return [MessageFailed(**fact, reason=message.reason or "failed")]
        case State.UNKNOWN:
            return [MessageOutcomeUnknown(**fact)]
        case _:
            return []


def given_up_of(message: Message, cause: Cause) -> Outgoing:
    """Return the event that a message is given up whose attempt went with a restored database."""
    return Outgoing(
        event=MessageFailed(**fact_of(message), channel=message.channel, reason=message.reason or "failed"),
        subject=str(message.message_id),
        cause=cause,
        effective_date=cause.business_date,
        customer_id=message.customer_id,
    )


def invalid_of(attempt: Attempt, settlement: Settlement) -> ContactPointInvalid:
    """Return the event that nothing can be delivered where the attempt went."""
    return ContactPointInvalid(
        contact_point_id=attempt.contact_point_id,
        channel=attempt.channel,
        role=attempt.contact_role,
        reason=settlement.reason or "refused",
    )
