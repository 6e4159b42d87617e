"""Takes a person's decision about a message that failed or whose fate is unknown: resend, it was sent, give up (N4)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.domain.message import Action, Message, NotOpen, State, resolved
from services.notifications.domain.settling import Settlement
from services.notifications.store import attempts, messages
from services.notifications.store.attempts import Attempt
from services.notifications.store.days import read_days_seen
from services.notifications.usecases.desk import Desk
from services.notifications.usecases.request import Request
from services.notifications.usecases.settle_attempts import arrival
from services.notifications.usecases.tell_settlement import Settled, given_up_of, tell_settlement
from shared.messaging.outgoing import Cause, Outgoing
from shared.web.problem_types import CONFLICT
from shared.web.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveMessage:
    """One decision about a message that exists, and the reason that is kept with it."""

    message_id: UUID
    action: Action
    reason: str
    request: Request


async def resolve_messages(
    connection: AsyncConnection, commands: Sequence[ResolveMessage], *, desk: Desk
) -> list[Message | Problem]:
    """Carry out the decisions, in order; a message that is not open for one is a conflict."""
    results: list[Message | Problem] = []
    for command in commands:
        message = (await messages.read_messages(connection, [command.message_id]))[command.message_id]
        try:
            moved = resolved(message, command.action, at=command.request.recorded_at)
            results.append(await _carry_out(connection, message, moved, command, desk=desk))
        except NotOpen as error:
            results.append(Problem(CONFLICT, str(error)))
    return results


async def _carry_out(
    connection: AsyncConnection, message: Message, moved: Message, command: ResolveMessage, *, desk: Desk
) -> Message:
    key = (message.message_id, message.attempts)
    attempt = (await attempts.read_attempts(connection, [key])).get(key)
    if moved.state is State.SENT and attempt is None:
        raise NotOpen("What it said was lost with a restored database, so nothing proves it: send it again or give up.")
    if moved.state is State.SENT and attempt is not None and attempt.served:
        moved = replace(moved, arrives_date=arrival(attempt, desk))
    at = command.request.recorded_at
    await messages.save_messages(connection, [moved], at=at)
    decision = f"{command.action}: {command.reason}"
    await messages.save_resolution(
        connection, moved.message_id, actor=command.request.origin.actor, at=at, decision=decision
    )
    if message.state is State.UNKNOWN:  # of one that failed, everything is told already
        seen = await read_days_seen(connection, partitions={message.partition_no})
        cause = command.request.cause(seen.get(message.partition_no))
        await desk.outbox.append(connection, _told(moved, attempt, cause))
    await messages.refresh_next_dates(connection, [moved.customer_id], holds_day=desk.fast_clock)
    return moved


def _told(moved: Message, attempt: Attempt | None, cause: Cause) -> Sequence[Outgoing]:
    if attempt is not None:
        settled = Settled(message=moved, attempt=attempt, settlement=Settlement(state=moved.state))
        return tell_settlement(settled, cause)
    return [given_up_of(moved, cause)] if moved.state is State.ABANDONED else []
