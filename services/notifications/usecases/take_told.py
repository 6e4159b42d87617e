"""Lets messages be as the topic told them before a restore: what went does not go again (N4, faults 2.51)."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.domain.contact import ContactPoint
from services.notifications.domain.message import Message, State
from services.notifications.domain.told import TOLD_BEFORE, Told, as_told
from services.notifications.store import contact_points, messages
from services.notifications.store.told import forget_told, next_told
from services.notifications.usecases.desk import Desk, calendar_of
from shared.messaging.customers import lock_customers

AT_ONCE = 64

log = structlog.get_logger(__name__)


async def take_told(connection: AsyncConnection, *, desk: Desk, now: datetime) -> int:
    """Follow the next fates of messages that have been heard of; return how many, which is 0 when none is left."""
    found = await next_told(connection, limit=AT_ONCE)
    if not found:
        return 0
    customers = sorted({each.customer_id for each in found})
    await lock_customers(connection, customers, partitions=desk.outbox.partitions)
    known = await messages.read_messages(connection, [each.message_id for each in found])
    contacts = await contact_points.read_of_customers(connection, customers)
    for told in found:
        arrives = _arrival(told, contacts[told.customer_id], desk)
        moved = as_told(known[told.message_id], told, arrives_date=arrives)
        if moved is not None:
            await _save(connection, moved, told, now=now)
    await forget_told(connection, [each.message_id for each in found])
    await messages.refresh_next_dates(connection, customers, holds_day=desk.fast_clock)
    log.warning("sender.told_before", messages=len(found))
    return len(found)


def _arrival(told: Told, contacts: Iterable[ContactPoint], desk: Desk) -> date | None:
    """Return when it counts as arrived (N8): whether it was served went with its attempt, and shows in its contact.

    Of several who may be meant the latest date counts; where none is known any more, no period runs without a receipt.
    """
    zones = [each.zone for each in contacts if each.serves and each.role == told.contact_role]
    dates = (calendar_of(zone).add_working_days(told.told_date, desk.arrival_working_days) for zone in zones)
    return max(dates, default=None)


async def _save(connection: AsyncConnection, moved: Message, told: Told, *, now: datetime) -> None:
    try:
        async with connection.begin_nested():
            await messages.save_spoken(connection, _dropped(moved, told) if moved.state is State.SENT else ())
            await messages.save_messages(connection, [moved], at=now)
            if moved.state is State.SENT and told.arrived_date is not None:
                await messages.mark_arrived(connection, [moved], at=now)
    except IntegrityError:
        # Another message has said it here since: this one must not say it once more, and that is all.
        withheld = replace(moved, state=State.WITHHELD, reason=TOLD_BEFORE, civil_date=None, arrives_date=None)
        await messages.save_messages(connection, [withheld], at=now)


def _dropped(moved: Message, told: Told) -> Sequence[dict[str, object]]:
    return [
        {
            "message_id": moved.message_id,
            "instalment_id": line.instalment_id,
            "dropped_reason": TOLD_BEFORE,
            "stated_minor": None,
        }
        for line in moved.lines
        if line.instalment_id not in told.instalment_ids
    ]
