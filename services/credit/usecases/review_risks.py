"""Derives anew, on a business day, the risk of customers for whom the day alone may change it (C4, C6)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.domain import risk as domain
from services.credit.domain.habits import REMEMBERED_DAYS, window_start
from services.credit.domain.policy import Policy
from services.credit.store.disputes import disputed_minor, load_disputes
from services.credit.store.exposures import load_parts
from services.credit.store.habits import load_habits
from services.credit.store.profiles import load_known
from services.credit.store.rates import load_dated_rates
from services.credit.usecases.request import ACTOR
from services.credit.usecases.risk_desk import open_risks
from services.credit.usecases.writing import Writing
from shared.messaging.outbox import Outbox
from shared.messaging.outgoing import cause_of_day
from shared.messaging.subscription import Day


async def review_risks(
    connection: AsyncConnection,
    customer_ids: Sequence[UUID],
    *,
    policy: Policy,
    day: Day,
    recorded_at: datetime,
    outbox: Outbox,
) -> None:
    """Count the quarters that are over, and derive limit, light, terms and hold of locked customers as of the day."""
    known = await load_known(connection, customer_ids)
    rates = await load_dated_rates(connection, [day.day])
    desk = await open_risks(connection, known, policy=policy, rates=rates, writing=Writing())
    since = window_start(day.day, REMEMBERED_DAYS)
    habits = await load_habits(connection, customer_ids, as_of=day.day, since=since)
    disputes = await load_disputes(connection, customer_ids)
    parts = await load_parts(connection, customer_ids)
    for customer_id in sorted(customer_ids):
        cause = cause_of_day(day.marker, customer_id, actor=ACTOR, business_date=day.day, recorded_at=recorded_at)
        habit, disputed = habits[customer_id], disputed_minor(disputes[customer_id].values())
        heard = domain.hear(desk.risks[customer_id], habit, disputed=disputed, policy=policy)
        risk = domain.progress(heard, habit, policy=policy, as_of=day.day)
        desk.settle(risk, parts=parts[customer_id], cause=cause)
    await desk.save(connection)
    await desk.writing.save(connection, outbox)
