"""Stores what was decided on each message: the attempt before it is made, the date it waits for, or why it stays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.domain.decision import AskFirst, Decision, Send, Wait, Withhold
from services.notifications.domain.look import Look
from services.notifications.domain.message import Message, State
from services.notifications.gateways.text_templates import TextTemplate
from services.notifications.store import attempts, messages
from services.notifications.store.creditors import Creditor
from services.notifications.store.templates import Template
from services.notifications.usecases.desk import Desk
from services.notifications.usecases.facts import cause_of_message, withheld_of
from services.notifications.usecases.write_mail import Claim
from shared.messaging.outgoing import Outgoing

Positions = Mapping[int, Mapping[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Who demands, and with which approved words, by purpose and language."""

    creditors: Mapping[str, Creditor]
    templates: Mapping[tuple[str, str], Template]
    texts: Mapping[tuple[str, str], TextTemplate]

    @property
    def looks(self) -> dict[tuple[str, str, str], Look]:
        """Return who looks at a message first, by channel, purpose and language; nobody can edit a text message."""
        mails: dict[tuple[str, str, str], Look] = {("email", *key): each.look for key, each in self.templates.items()}
        return {**mails, **{("sms", *key): "none" for key in self.texts}}


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenWords:
    """Which words speak; those of a text message are a file's, and have no id. What to do if nobody knows its fate."""

    template_id: UUID | None
    version: str
    on_unknown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A message, the business day on which it was decided on, the decision, and what is handed over if it goes."""

    message: Message
    day: date
    decision: Decision
    words: SpokenWords | None = None
    claim: Claim | None = None


async def save_decisions(
    connection: AsyncConnection,
    decided: Sequence[Decided],
    *,
    positions: Positions,
    positions_at: datetime,
    desk: Desk,
    now: datetime,
) -> None:
    """Store the decisions; what goes may be handed over once this transaction is committed."""
    moved = [_moved(each, desk) for each in decided]
    timing = {"positions_at": positions_at, "begun_at": now, "lease_until": now + desk.lease}
    await messages.save_spoken(connection, [row for each in decided for row in _spoken(each)])
    await messages.save_messages(connection, moved, at=now)
    made = [
        {**_attempt(each), **timing, "positions": positions[each.message.partition_no]}
        for each in decided
        if each.claim
    ]
    await attempts.insert_attempts(connection, made)
    await desk.outbox.append(connection, [event for each in decided for event in _withheld(each, now)])
    await messages.refresh_next_dates(connection, {each.customer_id for each in moved}, holds_day=desk.fast_clock)


def _moved(decided: Decided, desk: Desk) -> Message:
    """Return the message as the decision leaves it."""
    message = decided.message
    match decided.decision:
        case Send() as send:
            return replace(
                message,
                state=State.CLAIMED,
                reason=None,
                attempts=message.attempts + 1,
                civil_date=send.civil_at.date(),
            )
        case Wait() as wait if desk.fast_clock:
            return replace(message, state=State.WAITING, reason=wait.reason, due_date=wait.until.date(), due_at=None)
        case Wait() as wait:
            return replace(message, reason=wait.reason, due_at=wait.until.astimezone(UTC))
        case AskFirst() as ask:
            return replace(message, state=State.WAITING_FOR_APPROVAL, reason=None, look=ask.look)
        case Withhold() as withhold:
            return replace(message, state=State.WITHHELD, reason=withhold.reason)


def _attempt(decided: Decided) -> dict[str, Any]:
    send, words, claim = decided.decision, decided.words, decided.claim
    if not isinstance(send, Send) or words is None or claim is None:
        msg = "only a message that goes has an attempt"
        raise TypeError(msg)
    return {
        "message_id": claim.message_id,
        "attempt_no": claim.attempt_no,
        "channel": claim.parcel.channel,
        "contact_point_id": send.contact.contact_point_id,
        "contact_role": send.contact.role,
        "served": send.contact.serves and claim.parcel.channel == "email",
        "template_id": words.template_id,
        "template_version": words.version,
        "on_unknown": words.on_unknown,
        "provider": claim.parcel.provider,
        "letter_sha256": claim.parcel.letter_sha256,
        "civil_at": send.civil_at,
        "civil_date": send.civil_at.date(),
        "recipient": claim.parcel.recipient,
        "content": claim.parcel.content,
        "content_sha256": claim.parcel.sha256,
    }


def _spoken(decided: Decided) -> list[dict[str, Any]]:
    """Return for each line the sum that is stated, or why it is dropped; a message that waits has said nothing yet."""
    if isinstance(decided.decision, Wait | AskFirst):
        return []
    spoken = decided.decision.spoken if isinstance(decided.decision, Send) else ()
    stated = {line.debt.instalment_id: line.collectible_minor for line in spoken}
    return [
        {
            "message_id": decided.message.message_id,
            "instalment_id": line.instalment_id,
            "dropped_reason": decided.decision.dropped.get(line.instalment_id),
            "stated_minor": stated.get(line.instalment_id),
        }
        for line in decided.message.lines
    ]


def _withheld(decided: Decided, now: datetime) -> list[Outgoing]:
    message, decision = decided.message, decided.decision
    if not isinstance(decision, Withhold):
        return []
    cause = cause_of_message(message, f"withhold/{message.attempts}", day=decided.day, now=now)
    return [
        Outgoing(
            event=withheld_of(message, decision.reason),
            subject=str(message.message_id),
            cause=cause,
            effective_date=decided.day,
            customer_id=message.customer_id,
        )
    ]
