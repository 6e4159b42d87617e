"""Collections on a real database, driven in the order in which the messaging core drives it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.collections.consumers import CollectionsSubscription
from services.collections.tests.story import NOW, ROOT, envelope
from shared.clock import FixedClock
from shared.ids import derived_id, partition_of
from shared.messaging.customers import lock_customers
from shared.messaging.outbox import Outbox
from shared.messaging.subscription import Day, Received

PARTITIONS = 4
ONE_DAY = timedelta(days=1)


@dataclass
class House:
    """Collections on a real database, driven as the messaging core drives it."""

    engine: AsyncEngine

    @property
    def subscription(self) -> CollectionsSubscription:
        """The reacting side."""
        return CollectionsSubscription(Outbox(PARTITIONS), FixedClock(NOW))

    async def hear(self, *batch: Received, today: date) -> None:
        """Apply a batch in one transaction that holds its customers; the pending day's work is done."""
        async with self.engine.begin() as connection:
            ids = {each.envelope.customer_id for each in batch if each.envelope.customer_id}
            await lock_customers(connection, ids, partitions=PARTITIONS)
            await self.subscription.apply(connection, batch, today=today)

    async def open_day(self, day: date) -> int:
        """Let a business day come in every partition and do its work; return how many customers had some."""
        await self.see_day(day)
        async with self.engine.begin() as connection:
            due = text("SELECT customer_id FROM customer WHERE next_date <= :day ORDER BY customer_id")
            ids = list(await connection.scalars(due, {"day": day}))
            if ids:
                marker = envelope(
                    derived_id(ROOT, "marker", str(day)), "ledger.business-day-reached.v1", None, day, "ledger"
                )
                held = await lock_customers(connection, ids, partitions=PARTITIONS)
                await self.subscription.work_day(
                    connection, sorted(held), day=Day(day, marker, partition_of(ids[0], PARTITIONS))
                )
        return len(ids)

    async def see_day(self, day: date) -> None:
        """Note the day in every partition."""
        async with self.engine.begin() as connection:
            await connection.execute(
                text(
                    "INSERT INTO day_seen (partition_no, day) SELECT p, :day FROM generate_series(0, :last) AS p "
                    "ON CONFLICT (partition_no) DO UPDATE SET day = excluded.day"
                ),
                {"day": day, "last": PARTITIONS - 1},
            )

    async def next_date(self) -> date | None:
        """The next date on which a customer is due."""
        ((day,),) = await self.rows("SELECT min(next_date) FROM customer")
        return day  # type: ignore[no-any-return]

    async def rows(self, sql: str, **values: Any) -> list[Any]:
        """Read rows as tuples."""
        async with self.engine.connect() as connection:
            return [tuple(row) for row in await connection.execute(text(sql), values)]

    async def outbox(self, kind: str | None = None) -> list[tuple[str, dict[str, Any]]]:
        """The events so far: wire name without publisher and version, and body."""
        found = await self.rows("SELECT wire, body FROM outbox ORDER BY id")
        events = [(wire.removeprefix("collections.").removesuffix(".v1"), json.loads(body)) for wire, body in found]
        return [(name, body) for name, body in events if kind in (None, name)]


def days(first: date, last: date) -> Iterable[date]:
    """Each day from first to last."""
    return (first + timedelta(days=n) for n in range((last - first).days + 1))
