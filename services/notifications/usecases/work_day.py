"""Does a day's work for some customers: releases what is to go on that day, and notes what has arrived by it (N8)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.domain.message import Message
from services.notifications.store import messages
from services.notifications.usecases.facts import fact_of, lines_of
from shared.contracts.notifications import MessageDelivered
from shared.messaging.outbox import Outbox
from shared.messaging.outgoing import Outgoing, cause_of_day
from shared.messaging.subscription import Day


async def work_day(
    connection: AsyncConnection,
    customers: Sequence[UUID],
    *,
    day: Day,
    outbox: Outbox,
    holds_day: bool,
    at: datetime,
) -> int:
    """Release and deliver; return how many messages were released.

    Under the fast clock (`holds_day`) a customer's next date stays until the sender has settled what was released.
    """
    arriving = await messages.read_arriving(connection, customers, day=day.day)
    await messages.mark_arrived(connection, arriving, at=at)
    await outbox.append(connection, [_delivered(each, day, at) for each in arriving])
    released = await messages.release(connection, customers, day=day.day, at=at)
    await messages.refresh_next_dates(connection, customers, holds_day=holds_day)
    return released


def _delivered(message: Message, day: Day, at: datetime) -> Outgoing:
    cause = cause_of_day(day.marker, message.customer_id, actor="notifications", business_date=day.day, recorded_at=at)
    arrived_date = message.arrives_date or day.day
    event = MessageDelivered(
        **fact_of(message),
        channel=message.channel,
        arrived_date=arrived_date,
        ground="service_address",
        lines=lines_of(message),
    )
    return Outgoing(
        event=event,
        subject=str(message.message_id),
        cause=cause,
        effective_date=arrived_date,
        customer_id=message.customer_id,
    )
