"""Reviews every grade once a month, and ends overrides after their last day, on the day marker (C3)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.domain.grading import GradePolicy
from services.credit.domain.habits import REMEMBERED_DAYS, window_start
from services.credit.store.gradings import load_overrides, save_overrides
from services.credit.store.habits import load_habits
from services.credit.store.timers import due_timers, set_timers
from services.credit.usecases.rate_customers import Ratings, open_ratings
from services.credit.usecases.request import ACTOR
from services.credit.usecases.writing import Writing
from shared.messaging.outbox import Outbox
from shared.messaging.outgoing import Cause, cause_of_day
from shared.messaging.subscription import Day


async def review_grades(
    connection: AsyncConnection,
    customer_ids: Sequence[UUID],
    *,
    day: Day,
    policy: GradePolicy,
    recorded_at: datetime,
    outbox: Outbox,
) -> None:
    """End the overrides of locked customers whose last day has passed, then review those whose review has come."""
    ending = await due_timers(connection, "override", customer_ids, day=day.day)
    reviewed = await due_timers(connection, "review", customer_ids, day=day.day)
    if not (ending or reviewed):
        return
    ratings = await open_ratings(connection, {*ending, *reviewed}, policy=policy, writing=Writing())
    causes = {
        each: cause_of_day(day.marker, each, actor=ACTOR, business_date=day.day, recorded_at=recorded_at)
        for each in sorted({*ending, *reviewed})
    }
    await _end_overrides(connection, ratings, {each: causes[each] for each in ending})
    habits = await load_habits(connection, reviewed, as_of=day.day, since=window_start(day.day, REMEMBERED_DAYS))
    for customer_id in reviewed:
        ratings.rate(customer_id, habits[customer_id], cause=causes[customer_id], reason="reviewed")
    await ratings.writing.save(connection, outbox)
    await ratings.save(connection)
    await set_timers(connection, "override", dict.fromkeys(ending))
    await set_timers(connection, "review", dict.fromkeys(reviewed, policy.review_after(day.day)))


async def _end_overrides(connection: AsyncConnection, ratings: Ratings, causes: dict[UUID, Cause]) -> None:
    over = {
        each.override.override_id: (customer_id, each)
        for customer_id, each in ratings.gradings.items()
        if customer_id in causes and each.override is not None and each.is_over(causes[customer_id].business_date)
    }
    kept = await load_overrides(connection, over)
    await save_overrides(
        connection,
        [replace(each, state="ended", ended_date=causes[each.customer_id].business_date) for each in kept.values()],
    )
    for customer_id, grading in over.values():
        ended = replace(grading, override=None)
        ratings.regrade(customer_id, ended, cause=causes[customer_id], reason="override_ended")
