"""Applies collections' facts: how promises ended, what is disputed, and that deliveries should stop (C2, C6)."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.domain.policy import Policy
from services.credit.store.exposures import load_parts
from services.credit.store.rates import load_dated_rates
from services.credit.usecases.date_events import date_events
from services.credit.usecases.fold_habits import OUTCOMES, customer_of, open_habits
from services.credit.usecases.hear_debts import open_debts
from services.credit.usecases.place_holds import place_hold
from services.credit.usecases.rate_customers import open_ratings
from services.credit.usecases.request import ACTOR
from services.credit.usecases.risk_desk import open_risks
from services.credit.usecases.writing import Writing
from shared.contracts import collections
from shared.contracts.event import Event
from shared.messaging.outbox import Outbox
from shared.messaging.outgoing import cause_of_event
from shared.messaging.subscription import Received

HEARD: tuple[type[Event], ...] = (
    *OUTCOMES,
    collections.DisputeOpened,
    collections.DisputeResolved,
    collections.SupplyStopRequested,
)
"""What credit hears of collections."""


async def follow_collections(
    connection: AsyncConnection,
    batch: Sequence[Received],
    *,
    today: date,
    policy: Policy,
    recorded_at: datetime,
    outbox: Outbox,
) -> None:
    """Fold events, in order, into habits and risks of locked customers; save what differs, tell what followed."""
    ids = {customer_of(each) for each in batch}
    ratings = await open_ratings(connection, ids, policy=policy.grades, writing=Writing())
    partitions = {key: each.partition_no for key, each in ratings.known.items()}
    habits = await open_habits(connection, batch, partitions=partitions, today=today)
    dated = date_events(batch, ratings.known, today=today)
    rates = await load_dated_rates(connection, dated.days.values())
    desk = await open_risks(connection, ratings.known, policy=policy, rates=rates, writing=ratings.writing)
    dated.note(desk.risks)
    debts = await open_debts(connection, desk.risks, habits=habits, policy=policy)
    parts = await load_parts(connection, ids)
    for received in batch:
        customer_id = customer_of(received)
        day = dated.days[received.envelope.event_id]
        cause = cause_of_event(received.envelope, actor=ACTOR, business_date=day, recorded_at=recorded_at)
        if isinstance(received.event, collections.SupplyStopRequested):
            place_hold(desk, customer_id, received, parts=parts[customer_id], cause=cause)
            continue
        debts.contest(desk.risks[customer_id], received.event)
        if habits.hear(customer_id, received):
            ratings.rate(customer_id, habits.habits[customer_id], cause=cause, reason="scored")
        risk = debts.heard(desk.risks[customer_id], received.event)
        desk.settle(risk, parts=parts[customer_id], cause=cause)
    await habits.save(connection)
    await debts.save(connection)
    await ratings.writing.save(connection, outbox)
    await ratings.save(connection)
    await desk.save(connection)
