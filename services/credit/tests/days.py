"""The days of credit's tests, and how facts and days reach it on a real database."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.credit.consumers import CreditSubscription
from services.credit.domain.policy import Policy
from services.credit.tests.books import NOW, ROOT, TODAY, envelope
from services.credit.tests.erp import PARTITIONS, POLICY
from shared.clock import FixedClock
from shared.contracts import ledger
from shared.ids import derived_id, partition_of
from shared.messaging.customers import lock_customers
from shared.messaging.outbox import Outbox
from shared.messaging.subscription import Day, Received


async def follow(engine: AsyncEngine, batches: Iterable[Sequence[Received]], *, today: date = TODAY) -> None:
    """Apply batches as the messaging core does: each in a transaction that holds its customers."""
    subscription = CreditSubscription(Outbox(PARTITIONS), FixedClock(NOW), POLICY)
    for batch in batches:
        async with engine.begin() as connection:
            ids = {each.envelope.customer_id for each in batch if each.envelope.customer_id}
            await lock_customers(connection, ids, partitions=PARTITIONS)
            await subscription.apply(connection, batch, today=today)


async def open_day(engine: AsyncEngine, day: date) -> None:
    """Let a business day come in every partition, without its work."""
    async with engine.begin() as connection:
        for partition in range(PARTITIONS):
            await connection.execute(
                text(
                    "INSERT INTO day_seen (partition_no, day) VALUES (:partition, :day) "
                    "ON CONFLICT (partition_no) DO UPDATE SET day = excluded.day"
                ),
                {"partition": partition, "day": day},
            )


async def work_day(engine: AsyncEngine, day: date, *, policy: Policy = POLICY) -> int:
    """Do the day's work for all whose date has come; return how many they were."""
    subscription = CreditSubscription(Outbox(PARTITIONS), FixedClock(NOW), policy)
    async with engine.begin() as connection:
        due = text("SELECT customer_id FROM customer WHERE next_date <= :day ORDER BY customer_id")
        ids = list(await connection.scalars(due, {"day": day}))
        marker = envelope(derived_id(ROOT, "marker", str(day)), ledger.BusinessDayReached.wire, None)
        if ids:
            partition = partition_of(ids[0], PARTITIONS)
            await subscription.work_day(connection, ids, day=Day(day, marker, partition))
        return len(ids)


async def rows(engine: AsyncEngine, sql: str, **values: Any) -> list[Any]:
    """Read rows as tuples."""
    async with engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(sql), values)]
