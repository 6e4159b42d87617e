"""Settles attempts: what came of each is stored and told, and a late truth still replaces an unknown (N4, N8)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.domain.message import HOLDING, Message, Outcome, State
from services.notifications.domain.settling import settlement
from services.notifications.store import attempts, contact_points, messages
from services.notifications.store.attempts import Attempt, AttemptKey
from services.notifications.store.days import read_work_days
from services.notifications.usecases.desk import Desk, calendar_of
from services.notifications.usecases.facts import cause_of_message
from services.notifications.usecases.tell_settlement import Settled, tell_settlement
from shared.messaging.customers import lock_customers
from shared.messaging.outgoing import Cause


async def settle_attempts(
    connection: AsyncConnection,
    outcomes: Mapping[AttemptKey, Outcome],
    *,
    desk: Desk,
    now: datetime,
    open_states: Collection[State] = (State.CLAIMED, State.UNKNOWN),
) -> list[Settled]:
    """Store the outcomes; an attempt that is no longer its message's last changes the message no more.

    One that this database does not know, because it was restored since, has nothing to be stored at.
    """
    ids = {message_id for message_id, _ in outcomes}
    customers = await messages.read_customers(connection, ids)
    await lock_customers(connection, customers, partitions=desk.outbox.partitions)
    known = await messages.read_messages(connection, ids)
    made = await attempts.read_attempts(connection, list(outcomes))
    outcomes = {key: outcome for key, outcome in outcomes.items() if key in made}
    settled = [
        each
        for key, outcome in sorted(outcomes.items())
        if (known[key[0]].state in open_states or _is_news(known[key[0]], made[key], outcome))
        and (each := _settle(known[key[0]], made[key], outcome, desk=desk, now=now)) is not None
    ]
    await attempts.end_attempts(connection, outcomes, at=now)
    await _save(connection, settled, desk=desk, now=now)
    return settled


def _is_news(message: Message, attempt: Attempt, outcome: Outcome) -> bool:
    """Return whether a holder says at last what was thought unknown, while the message waits to be sent again."""
    return message.state is State.RETRYING and attempt.outcome == "unknown" != outcome.kind


def _settle(message: Message, attempt: Attempt, outcome: Outcome, *, desk: Desk, now: datetime) -> Settled | None:
    if message.attempts != attempt.attempt_no or (message.state is State.UNKNOWN and outcome.kind == "unknown"):
        return None
    reached = settlement(
        message,
        outcome,
        now=now,
        resend_unknown=attempt.on_unknown == "resend",
        providers=max(len(desk.texting.names), 1) if attempt.channel == "sms" else 1,
    )
    moved = replace(message, state=reached.state, reason=reached.reason, due_at=reached.due_at or message.due_at)
    moved = replace(moved, civil_date=attempt.civil_date if reached.state in HOLDING else None)
    if reached.state is State.SENT and attempt.served:
        moved = replace(moved, arrives_date=arrival(attempt, desk))
    return Settled(message=moved, attempt=attempt, settlement=reached)


def arrival(attempt: Attempt, desk: Desk) -> date:
    """Return the day on which what was sent to an address for service counts as arrived."""
    return calendar_of(attempt.zone).add_working_days(attempt.civil_date, desk.arrival_working_days)


async def _save(connection: AsyncConnection, settled: Sequence[Settled], *, desk: Desk, now: datetime) -> None:
    if not settled:
        return
    moved = [each.message for each in settled]
    await messages.save_messages(connection, moved, at=now)
    for channel in sorted({each.attempt.channel for each in settled}):
        invalid = {
            each.attempt.contact_point_id: each.settlement.reason or "refused"
            for each in settled
            if each.settlement.address_invalid and each.attempt.channel == channel
        }
        await contact_points.mark_invalid(connection, channel, invalid)
    days = await read_work_days(connection, partitions={each.partition_no for each in moved})
    told = [
        fact
        for each in settled
        for fact in tell_settlement(each, _cause(each, day=days[each.message.partition_no], now=now))
    ]
    await desk.outbox.append(connection, told)
    await messages.refresh_next_dates(connection, {each.customer_id for each in moved}, holds_day=desk.fast_clock)


def _cause(settled: Settled, *, day: date, now: datetime) -> Cause:
    # A late truth about the same attempt is another fact than the first.
    what = f"settle/{settled.attempt.attempt_no}/{settled.message.state}"
    return cause_of_message(settled.message, what, day=day, now=now)
