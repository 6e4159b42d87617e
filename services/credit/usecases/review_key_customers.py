"""Marks who is among the first by sales, and unmarks who is no more, at each customer's monthly review (C1)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.domain.key_customers import SalesPolicy, settled_day
from services.credit.store.profiles import load_known
from services.credit.store.sales import rank_by_sales
from services.credit.store.timers import due_timers
from services.credit.usecases.profile_events import Why
from services.credit.usecases.request import ACTOR
from services.credit.usecases.writing import Writing
from shared.messaging.outbox import Outbox
from shared.messaging.outgoing import cause_of_day
from shared.messaging.subscription import Day

SOURCE = "sales"


async def review_key_customers(
    connection: AsyncConnection,
    customer_ids: Sequence[UUID],
    *,
    day: Day,
    policy: SalesPolicy | None,
    recorded_at: datetime,
    outbox: Outbox,
) -> None:
    """Look at the locked customers whose review has come; without a policy only people name key customers."""
    reviewed = await due_timers(connection, "review", customer_ids, day=day.day)
    if policy is None or not reviewed:
        return
    ranked = await rank_by_sales(connection, as_of=settled_day(day.day), policy=policy)
    first = {each.customer_id for each in ranked}
    writing = Writing()
    for customer_id, known in (await load_known(connection, reviewed)).items():
        if known.profile is None or known.profile.top_by_sales == (customer_id in first):
            continue
        cause = cause_of_day(day.marker, customer_id, actor=ACTOR, business_date=day.day, recorded_at=recorded_at)
        after = replace(known.profile, top_by_sales=customer_id in first)
        writing.change(known.profile, after, cause=cause, why=Why(source=SOURCE))
    await writing.save(connection, outbox)
