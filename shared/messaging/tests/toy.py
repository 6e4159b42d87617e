"""A toy publisher and consumer on real databases and topics, for the tests of the messaging core."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.clock import MachineClock
from shared.contracts.credit import DayWorked
from shared.contracts.event import Event
from shared.contracts.ledger import BusinessDayReached, InvoiceSettled
from shared.database import open_engine
from shared.ids import customer_id_of, new_id, partition_of
from shared.messaging.applying import Applier
from shared.messaging.consumer import Consumer
from shared.messaging.customers import lock_customers, set_next_dates
from shared.messaging.days import DayWork
from shared.messaging.ends import EndsAsker
from shared.messaging.kafka import StreamConsumer
from shared.messaging.markers import DayMarkers
from shared.messaging.outbox import Outbox
from shared.messaging.outgoing import Cause, Outgoing
from shared.messaging.parking import Parking
from shared.messaging.partition import Lane
from shared.messaging.relay import Relay
from shared.messaging.schema import VERSION_1, VERSION_2, VERSION_3
from shared.messaging.subscription import Day, Received, Refused
from shared.messaging.wake import Wake

PARTITIONS = 2
TODAY = date(2026, 3, 2)
YESTERDAY = date(2026, 3, 1)
TRACE = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"


async def make_schema(engine: AsyncEngine) -> None:
    """Create messaging's tables, and one that counts effects."""
    async with engine.begin() as connection:
        for statement in (*VERSION_1, *VERSION_2, *VERSION_3):
            await connection.execute(text(statement))
        await connection.execute(
            text("CREATE TABLE effect (id bigserial PRIMARY KEY, customer_id uuid, event_id uuid, what text)")
        )


async def rows_of(engine: AsyncEngine, statement: str) -> list[Any]:
    """Return the rows of a query."""
    async with engine.connect() as connection:
        return list(await connection.execute(text(statement)))


def request_cause() -> Cause:
    """Return the cause of a request of the ERP's."""
    return Cause(
        cause_id=new_id(),
        actor="erp",
        correlation_id="test",
        traceparent=TRACE,
        business_date=YESTERDAY,
        recorded_at=MachineClock().now(),
    )


def settled(customer: str, number: str) -> Outgoing:
    """Return some event about a customer."""
    event = InvoiceSettled(invoice_id=new_id(), entity="main", number=number, settled_date=TODAY)
    return Outgoing(
        event=event, subject=number, cause=request_cause(), effective_date=TODAY, customer_id=customer_id_of(customer)
    )


def day_marker(day: date, partition_no: int) -> Outgoing:
    """Return the ledger's marker of a day."""
    event = BusinessDayReached(day=day)
    return Outgoing(event=event, subject=str(day), cause=request_cause(), effective_date=day, partition_no=partition_no)


@dataclass
class ToySubscription:
    """Writes one row per event and per customer's day; refuses invoices whose number says so, while told to."""

    refuses: bool = True
    finished: bool = True
    accepts: Mapping[str, type[Event]] = field(default_factory=lambda: {InvoiceSettled.wire: InvoiceSettled})

    async def apply(self, connection: AsyncConnection, batch: Sequence[Received], *, today: date) -> None:
        """Write an effect per event, and ask for work on the next day."""
        for received in batch:
            event: Any = received.event
            if self.refuses and event.number.startswith("BAD"):
                message = "this number is bad"
                raise Refused(message)
            await _effect(
                connection, received.envelope.customer_id, received.envelope.event_id, f"{today} {event.number}"
            )
        tomorrow = today + timedelta(days=1)
        await set_next_dates(
            connection, {each.envelope.customer_id: tomorrow for each in batch if each.envelope.customer_id}
        )

    async def work_day(self, connection: AsyncConnection, customer_ids: Sequence[UUID], *, day: Day) -> None:
        """Write an effect per customer and day; leave them waiting while something outside is not finished."""
        if not self.finished:
            return
        for customer_id in customer_ids:
            await _effect(connection, customer_id, day.marker.event_id, f"day {day.day}")
        await set_next_dates(connection, dict.fromkeys(customer_ids, day.day + timedelta(days=1)))


async def _effect(connection: AsyncConnection, customer_id: UUID | None, event_id: UUID, what: str) -> None:
    await connection.execute(
        text("INSERT INTO effect (customer_id, event_id, what) VALUES (:c, :e, :w)"),
        {"c": customer_id, "e": event_id, "w": what},
    )


class Toy:
    """The ledger's outgoing side in one database, credit's incoming side in another, real Kafka between."""

    def __init__(self, *, publisher_url: str, consumer_url: str, bootstrap: str, prefix: str) -> None:
        self.publisher = open_engine(publisher_url, connections=4, application="toy-publisher")
        self.consumer = open_engine(consumer_url, connections=6, application="toy-consumer")
        self.asker = EndsAsker(bootstrap)
        self.bootstrap = bootstrap
        self.topic = f"{prefix}ledger"
        self.prefix = prefix
        self.outbox = Outbox(PARTITIONS)
        self.wake = Wake(publisher_url)
        self.subscription = ToySubscription()
        self.lane = self.new_lane()
        self.parking = Parking(self.lane.begin, self.subscription, PARTITIONS)

    def new_lane(self, subscription: ToySubscription | None = None) -> Lane:
        """Return what applies records, as one process has it."""
        return Lane(
            engine=self.consumer,
            applier=Applier(subscription or self.subscription, PARTITIONS),
            markers=DayMarkers(
                BusinessDayReached.wire, BusinessDayReached.wire, {BusinessDayReached.wire: BusinessDayReached}
            ),
            on_begin=None,
            published=lambda: None,
        )

    def relay(self) -> Relay:
        """Return a relay over the publisher's outbox."""
        return Relay(
            engine=self.publisher,
            bootstrap=self.bootstrap,
            topic=self.topic,
            source="toy",
            partitions=PARTITIONS,
            wake=self.wake,
            ends=self.asker.ends,
        )

    def consume(self, *, instance: str | None = "toy", lane: Lane | None = None) -> Consumer:
        """Return a consumer over the consumer's database; one without an instance's name leaves its group at once."""
        lane = lane or self.lane

        def client() -> StreamConsumer:
            return StreamConsumer(self.bootstrap, topics=[self.topic], group=f"{self.prefix}credit", instance=instance)

        return Consumer(
            engine=self.consumer,
            make_client=client,
            ends=self.asker.ends,
            begins=self.asker.begins,
            lane=lane,
            day_work=lambda number: self.day_work(number, lane),
            day_order=None,
            topics=[self.topic],
        )

    def day_work(self, number: int, lane: Lane) -> DayWork:
        """Return the day's work of a partition, as a consumer has it."""
        return DayWork(
            name="credit",
            partition_no=number,
            subscription=self.subscription,
            outbox=self.outbox,
            clock=MachineClock(),
            marker=DayWorked,
            begin=lane.begin,
            topic=self.topic,
        )

    async def publish(self, *events: Outgoing) -> None:
        """Commit events to the publisher's outbox and wake its relay."""
        async with self.publisher.begin() as connection:
            customers = [each.customer_id for each in events if each.customer_id]
            await lock_customers(connection, customers, partitions=PARTITIONS)
            await self.outbox.append(connection, events)
        await self.wake.outbox()

    async def effects(self, customer: str | None = None) -> list[str]:
        """Return what was done, in order, for one customer or for all."""
        where = "" if customer is None else "WHERE customer_id = :id"
        async with self.consumer.connect() as connection:
            rows = await connection.execute(
                text(f"SELECT what FROM effect {where} ORDER BY id"),
                {} if customer is None else {"id": customer_id_of(customer)},
            )
            return list(rows.scalars())

    async def ask(self, statement: str) -> list[Any]:
        """Return the rows of a query on the consumer's database."""
        return await rows_of(self.consumer, statement)

    async def until(self, statement: str, expected: Any, *, seconds: float = 60) -> None:
        """Wait until a single value on the consumer's database is as expected."""
        async with asyncio.timeout(seconds):
            while (await self.ask(statement))[0][0] != expected:
                await asyncio.sleep(0.05)

    @asynccontextmanager
    async def running(self, *, relay: bool = True, consumer: bool = True) -> Any:
        """Run relay and consumer while the block lasts."""
        jobs = [*([self.relay().run()] if relay else []), *([self.consume().run()] if consumer else [])]
        tasks = [asyncio.create_task(each) for each in jobs]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        """Let go of all connections."""
        await self.wake.close()
        await self.asker.close()
        await self.publisher.dispose()
        await self.consumer.dispose()


def customers_in(partition_no: int, count: int) -> list[str]:
    """Return customer numbers that live in this partition."""
    numbers = (f"K{each}" for each in range(1000))
    return [each for each in numbers if partition_of(customer_id_of(each), PARTITIONS) == partition_no][:count]
