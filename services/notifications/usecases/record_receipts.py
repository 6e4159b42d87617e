"""Takes a provider's receipt: an unknown fate is known, what arrived is told once, a dead number is flagged (N8)."""

from dataclasses import replace
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.domain.fences import civil_time
from services.notifications.domain.message import Message, Outcome, State
from services.notifications.domain.settling import Settlement
from services.notifications.store import attempts, contact_points, messages, receipts
from services.notifications.store.attempts import Attempt
from services.notifications.store.days import read_work_days
from services.notifications.store.receipts import Receipt
from services.notifications.usecases.desk import Desk
from services.notifications.usecases.facts import cause_of_message, fact_of, lines_of
from services.notifications.usecases.settle_attempts import settle_attempts
from services.notifications.usecases.tell_settlement import invalid_of
from shared.contracts.event import Event
from shared.contracts.notifications import MessageDelivered
from shared.messaging.customers import lock_customers
from shared.messaging.outgoing import Outgoing

NUMBER = "number"

_OPEN = frozenset({State.CLAIMED, State.UNKNOWN, State.RETRYING})


async def record_receipt(connection: AsyncConnection, receipt: Receipt, *, desk: Desk, now: datetime) -> bool:
    """Store the receipt and what follows from it; return False where there is no such message of this provider."""
    customers = await messages.read_customers(connection, [receipt.message_id])
    await lock_customers(connection, customers, partitions=desk.outbox.partitions)
    message = (await messages.read_messages(connection, [receipt.message_id])).get(receipt.message_id)
    key = (receipt.message_id, message.attempts if message else 0)
    attempt = (await attempts.read_attempts(connection, [key])).get(key)
    if message is None or attempt is None or attempt.provider != receipt.provider:
        return False
    if await receipts.is_known(connection, receipt):
        return True
    await receipts.insert_receipts(connection, [receipt])
    # Whoever gives a receipt has taken it, whatever its holder could see; nothing is to be sent again.
    taken = {key: Outcome(kind="taken", answer="receipt")}
    await settle_attempts(connection, taken, desk=desk, now=now, open_states=_OPEN)
    message = (await messages.read_messages(connection, [message.message_id]))[message.message_id]
    day = (await read_work_days(connection, partitions=[message.partition_no]))[message.partition_no]
    if message.state is State.SENT:
        await _follow(connection, message, attempt, receipt, desk=desk, day=day, now=now)
    return True


async def _follow(
    connection: AsyncConnection,
    message: Message,
    attempt: Attempt,
    receipt: Receipt,
    *,
    desk: Desk,
    day: date,
    now: datetime,
) -> None:
    event: Event
    if receipt.status == "delivered":
        arrived_date = _arrived_date(attempt, receipt, desk=desk, day=day)
        await messages.mark_arrived(connection, [replace(message, arrives_date=arrived_date)], at=now)
        event = MessageDelivered(
            **fact_of(message),
            channel=message.channel,
            arrived_date=arrived_date,
            ground="receipt",
            lines=lines_of(message),
        )
    elif receipt.reason == NUMBER:
        reason = "sms_number"
        await contact_points.mark_invalid(connection, message.channel, {attempt.contact_point_id: reason})
        event = invalid_of(attempt, Settlement(state=message.state, reason=reason))
    else:
        return
    cause = cause_of_message(message, f"receipt/{receipt.provider}/{receipt.status}", day=day, now=now)
    told = Outgoing(
        event=event,
        subject=str(message.message_id),
        cause=cause,
        effective_date=day,
        customer_id=message.customer_id,
    )
    await desk.outbox.append(connection, [told])


def _arrived_date(attempt: Attempt, receipt: Receipt, *, desk: Desk, day: date) -> date:
    """Return the recipient's date of the arrival: never before it was sent, whatever the provider's clock says."""
    at = civil_time(receipt.at, day=day, zone=attempt.zone, fast_clock=desk.fast_clock)
    return max(at.date(), attempt.civil_date)
