"""What the tests build on: notifications at work on a real database, without Kafka."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import text

from services.notifications.consumers import NotificationsSubscription
from services.notifications.domain.message import Action, Message
from services.notifications.gateways.rendering import FOLDER
from services.notifications.gateways.sms import Provider
from services.notifications.gateways.smtp import Server
from services.notifications.main import SERVICE, make_couriers, make_desk
from services.notifications.sender import Sender
from services.notifications.settings import NotificationsSettings
from services.notifications.tests.facts import NOW, ROOT, TODAY, TRACE, Customer, creditor, envelope, person
from services.notifications.tests.mail_sink import Script, Sink
from services.notifications.usecases.load_templates import load_templates
from services.notifications.usecases.record_contact_points import Person, RecordContactPoint, record_contact_points
from services.notifications.usecases.request import Request
from services.notifications.usecases.resolve_messages import ResolveMessage, resolve_messages
from shared.clock import FixedClock
from shared.contracts import collections
from shared.ids import derived_id, new_id, partition_of
from shared.messaging.customers import lock_customers
from shared.messaging.subscription import Day, Received
from shared.service import Context, make_context
from shared.web.idempotency import Origin
from shared.web.problems import Problem

PARTITIONS = 4
PHONE = "+8613812345678"


class OpenGates:
    """Gates of a Kafka whose topics end where they are asked to."""

    def __init__(self) -> None:
        self.ends = {"ledger": 0, "collections": 0}
        self.closed: set[int] = set()

    async def applied_to_end(
        self, *, topics: Collection[str], partitions: Collection[int]
    ) -> dict[int, dict[str, int]]:
        """Return the ends for all partitions but the closed."""
        return {each: {topic: self.ends[topic] for topic in topics} for each in partitions if each not in self.closed}


@dataclass
class House:
    """Notifications with its database, a clock that stands still, open gates and a mail server of the test's own."""

    context: Context
    sink: Sink
    clock: FixedClock
    gates: OpenGates
    day: date = TODAY
    mail_seconds: float = 5

    @property
    def sender(self) -> Sender:
        """A fresh sender, as after a start."""
        server = Server(
            host="127.0.0.1", port=self.sink.port, tls="none", sender="ar@dueflow.test", mail_seconds=self.mail_seconds
        )
        desk = make_desk(self.context)
        return Sender(self.context, desk, make_couriers(desk, server))

    async def open(self, day: date = TODAY) -> None:
        """Let a business day come in every partition; its work may begin."""
        self.day = day
        async with self.context.begin() as connection:
            for partition in range(PARTITIONS):
                await connection.execute(
                    text(
                        "INSERT INTO day_seen (partition_no, day, work_day) VALUES (:number, :day, :day) "
                        "ON CONFLICT (partition_no) DO UPDATE SET day = :day, work_day = :day"
                    ),
                    {"number": partition, "day": day},
                )

    async def hear(self, *facts: Received) -> None:
        """Apply events as the messaging core does, in one batch."""
        subscription = NotificationsSubscription(self.context)
        async with self.context.begin() as connection:
            ids = {each.envelope.customer_id for each in facts if each.envelope.customer_id}
            await lock_customers(connection, ids, partitions=PARTITIONS)
            await subscription.apply(connection, facts, today=self.day)

    async def work_day(self) -> int:
        """Work the day for all whose date has come, once; return how many they were."""
        subscription = NotificationsSubscription(self.context)
        ids = await self.unfinished()
        async with self.context.begin() as connection:
            await lock_customers(connection, ids, partitions=PARTITIONS)
            for customer_id in ids:
                number = partition_of(customer_id, PARTITIONS)
                marker = envelope(
                    derived_id(ROOT, f"marker/{number}", self.day.isoformat()),
                    collections.DayWorked.wire,
                    None,
                    day=self.day,
                )
                await subscription.work_day(connection, [customer_id], day=Day(self.day, marker, number))
        return len(ids)

    async def unfinished(self) -> list[UUID]:
        """The customers who keep the day open."""
        rows = await self.rows(
            "SELECT customer_id FROM customer WHERE next_date <= :day AND parked_at IS NULL ORDER BY 1", day=self.day
        )
        return [each[0] for each in rows]

    async def live(self, day: date) -> None:
        """Let a day come, work it, and send until nothing moves."""
        await self.open(day)
        await self.work_day()
        await self.send()

    async def send(self) -> None:
        """Let the sender work until it has nothing to decide."""
        sender = self.sender
        for _ in range(20):
            if not await sender.round():
                return
        raise AssertionError("the sender never came to rest")

    async def ready(self, customer: Customer, *facts: Received) -> None:
        """Let a customer with a contact, one overdue invoice and one planned reminder be known."""
        await self.record(person(customer))
        await self.hear(customer.issued("INV-1"), customer.planned("INV-1"), *facts)

    async def remind(self, customer: Customer, **facts: Any) -> None:
        """Let a friendly reminder by e-mail and SMS be planned for today, and today come."""
        await self.record(person(customer, **{"phone": PHONE, **facts}))
        await self.hear(customer.issued("INV-1"), customer.planned("INV-1", channels=["email", "sms"]))
        await self.live(TODAY)

    async def live_through(self, script: Script, *, purpose: str = "reminder") -> Customer:
        """Let one planned message meet a server of this script."""
        customer = Customer()
        self.sink.script = script
        await self.record(person(customer))
        formal = purpose in {"formal_demand", "lawyer_letter"}
        await self.hear(customer.issued("INV-1"), customer.planned("INV-1", purpose=purpose, formal=formal))
        await self.live(TODAY)
        return customer

    async def resolve(self, message_id: UUID, action: Action) -> Message | Problem:
        """Let a person decide about a message."""
        origin = Origin(new_id(), "ann", "corr-9", TRACE)
        command = ResolveMessage(
            message_id=message_id, action=action, reason="asked", request=Request(origin, self.clock.now())
        )
        async with self.context.begin() as connection:
            return (await resolve_messages(connection, [command], desk=make_desk(self.context)))[0]

    async def record(self, *people: Person) -> list[UUID]:
        """Record people at customers."""
        origin = Origin(new_id(), "erp", "corr-test-1", TRACE)
        commands = [
            RecordContactPoint(person=each, request=Request(origin, self.clock.now()), ordinal=ordinal)
            for ordinal, each in enumerate(people)
        ]
        async with self.context.begin() as connection:
            ids = {each.customer_id for each in commands}
            await lock_customers(connection, ids, partitions=PARTITIONS)
            await record_contact_points(connection, commands, outbox=self.context.outbox)
        return [each.contact_point_id for each in commands]

    async def state(self, message_id: UUID) -> tuple[str, str | None]:
        """The state of a message and its reason."""
        state, reason = (await self.rows("SELECT state, reason FROM message WHERE message_id = :id", id=message_id))[0]
        return state, reason

    async def events(self) -> list[tuple[str, dict[str, Any]]]:
        """What was published, in order: wire name without publisher and version, and body."""
        rows = await self.rows("SELECT wire, body FROM outbox ORDER BY id")
        return [(wire.split(".")[1], json.loads(body)) for wire, body in rows]

    async def told(self, name: str) -> list[dict[str, Any]]:
        """The bodies of the events of this name."""
        return [body for other, body in await self.events() if other == name]

    async def published(self) -> list[str]:
        """The names of what was published, in order."""
        return [name for name, _ in await self.events()]

    async def rows(self, sql: str, **values: Any) -> list[Any]:
        """Read rows as tuples."""
        async with self.context.engine.connect() as connection:
            return [tuple(row) for row in await connection.execute(text(sql), values)]

    async def position(self, publisher: str, partition_no: int, next_offset: int) -> None:
        """Store how far a partition of a topic is applied."""
        await self.execute(
            "INSERT INTO stream_position (topic, partition_no, next_offset) VALUES (:topic, :number, :offset)",
            topic=f"dueflow.{publisher}",
            number=partition_no,
            offset=next_offset,
        )

    async def execute(self, sql: str, **values: Any) -> None:
        """Change something behind the service's back."""
        async with self.context.begin() as connection:
            await connection.execute(text(sql), values)


async def build_house(
    database_url: str, sink: Sink, *, clock: str = "fast", providers: Sequence[Provider] = (), texts: Path | None = None
) -> House:
    """Return notifications over a migrated database, with its templates and one creditor."""
    settings = NotificationsSettings(
        database_url=database_url,
        kafka_bootstrap="127.0.0.1:9",
        api_keys_file="keys.json",
        port=1,
        worker_port=1,
        partitions=PARTITIONS,
        clock=clock,
        mail_from="ar@dueflow.test",
        sms_providers=tuple(providers),
        sms_templates=texts or FOLDER / "sms.yaml",
    )
    gates, fixed = OpenGates(), FixedClock(NOW)
    made = make_context(SERVICE, settings, "worker", gates=lambda _engine: gates)  # type: ignore[arg-type,return-value]
    house = House(context=replace(made, clock=fixed), sink=sink, clock=fixed, gates=gates)
    async with house.context.begin() as connection:
        await load_templates(connection, at=NOW)
    await house.open()
    await house.hear(creditor())
    return house
