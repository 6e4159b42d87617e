"""Does a business day's work for the customers on whom something is due."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.collections.domain.follow import work
from services.collections.usecases.folding import Folding
from services.collections.usecases.follow_events import ACTOR
from shared.messaging.outbox import Outbox
from shared.messaging.outgoing import cause_of_day
from shared.messaging.subscription import Day


async def work_day(
    connection: AsyncConnection, customer_ids: Sequence[UUID], *, day: Day, recorded_at: datetime, outbox: Outbox
) -> None:
    """Work the day for these customers, in order of id; each is due next after it."""
    folding = await Folding.of(connection, customer_ids, named=(), outbox=outbox)
    for each in sorted(customer_ids):
        cause = cause_of_day(day.marker, each, actor=ACTOR, business_date=day.day, recorded_at=recorded_at)
        folding.change(each, cause, work)
    await folding.save(connection, after=dict.fromkeys(customer_ids, day.day))
