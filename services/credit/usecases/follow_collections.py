"""Remembers how promises ended, from collections' facts, and scores anew whoever gave them (C2, C6)."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.domain.grading import GradePolicy
from services.credit.usecases.fold_habits import customer_of, open_habits
from services.credit.usecases.rate_customers import open_ratings
from services.credit.usecases.request import ACTOR
from services.credit.usecases.writing import Writing
from shared.messaging.outbox import Outbox
from shared.messaging.outgoing import cause_of_event
from shared.messaging.subscription import Received


async def follow_collections(
    connection: AsyncConnection,
    batch: Sequence[Received],
    *,
    today: date,
    policy: GradePolicy,
    recorded_at: datetime,
    outbox: Outbox,
) -> None:
    """Fold events, in order, into the habits of locked customers; save what differs, tell what followed."""
    ids = {customer_of(each) for each in batch}
    ratings = await open_ratings(connection, ids, policy=policy, writing=Writing())
    partitions = {key: each.partition_no for key, each in ratings.known.items()}
    habits = await open_habits(connection, batch, partitions=partitions, today=today)
    for received in batch:
        customer_id = customer_of(received)
        if habits.hear(customer_id, received):
            cause = cause_of_event(received.envelope, actor=ACTOR, business_date=today, recorded_at=recorded_at)
            ratings.rate(customer_id, habits.habits[customer_id], cause=cause, reason="scored")
    await habits.save(connection)
    await ratings.writing.save(connection, outbox)
    await ratings.save(connection)
