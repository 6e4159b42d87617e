"""Stores what was decided on each message: the attempt before it is made, the date it waits for, or why it stays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.domain.decision import Decision, Send, Wait, Withhold
from services.notifications.domain.message import Message, State
from services.notifications.store import attempts, messages
from services.notifications.store.creditors import Creditor
from services.notifications.store.templates import Template
from services.notifications.usecases.desk import CHANNEL, Desk
from services.notifications.usecases.facts import cause_of_message, fact_of, lines_of
from services.notifications.usecases.write_mail import Claim
from shared.contracts.notifications import MessageWithheld
from shared.messaging.outgoing import Outgoing

Positions = Mapping[int, Mapping[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Who demands, and with which words."""

    creditors: Mapping[str, Creditor]
    templates: Mapping[tuple[str, str], Template]

    @property
    def languages(self) -> dict[str, set[str]]:
        """Return the languages that have approved words, by purpose."""
        return {
            purpose: {language for other, language in self.templates if other == purpose}
            for purpose, _ in self.templates
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A message, the business day on which it was decided on, the decision, and the mail of one that goes."""

    message: Message
    day: date
    decision: Decision
    template: Template | None = None
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
    await attempts.save_deliveries(connection, [row for each in decided for row in _deliveries(each)])
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
        case Withhold() as withhold:
            return replace(message, state=State.WITHHELD, reason=withhold.reason)


def _attempt(decided: Decided) -> dict[str, Any]:
    send, template, claim = decided.decision, decided.template, decided.claim
    if not isinstance(send, Send) or template is None or claim is None:
        msg = "only a message that goes has an attempt"
        raise TypeError(msg)
    return {
        "message_id": claim.message_id,
        "attempt_no": claim.attempt_no,
        "channel": CHANNEL,
        "contact_point_id": send.contact.contact_point_id,
        "contact_role": send.contact.role,
        "served": send.contact.serves,
        "template_id": template.template_id,
        "template_version": template.version,
        "civil_at": send.civil_at,
        "civil_date": send.civil_at.date(),
        "recipient": claim.mail.recipient,
        "content": claim.mail.content,
        "content_sha256": claim.mail.sha256,
    }


def _spoken(decided: Decided) -> list[dict[str, Any]]:
    """Return for each line the sum that is stated, or why it is dropped; a message that waits has said nothing yet."""
    if isinstance(decided.decision, Wait):
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


def _deliveries(decided: Decided) -> list[dict[str, Any]]:
    """Return for each channel of a message that goes whether it is used, or why not."""
    if not isinstance(decided.decision, Send):
        return []
    return [
        {
            "message_id": decided.message.message_id,
            "channel": channel,
            "withheld_reason": None if channel == CHANNEL else "channel_not_configured",
        }
        for channel in sorted(set(decided.message.channels))
    ]


def _withheld(decided: Decided, now: datetime) -> list[Outgoing]:
    message, decision = decided.message, decided.decision
    if not isinstance(decision, Withhold):
        return []
    cause = cause_of_message(message, f"withhold/{message.attempts}", day=decided.day, now=now)
    return [
        Outgoing(
            event=MessageWithheld(**fact_of(message), reason=decision.reason, lines=lines_of(message)),
            subject=str(message.message_id),
            cause=cause,
            effective_date=decided.day,
            customer_id=message.customer_id,
        )
    ]
