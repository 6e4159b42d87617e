"""What the tests build on: events as the others publish them, and notifications at work without Kafka."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text

from services.notifications.consumers import NotificationsSubscription
from services.notifications.gateways.smtp import Server
from services.notifications.main import SERVICE, make_desk
from services.notifications.sender import Sender
from services.notifications.settings import NotificationsSettings
from services.notifications.tests.mail_sink import Sink
from services.notifications.usecases.load_templates import load_templates
from services.notifications.usecases.record_contact_points import Person, RecordContactPoint, record_contact_points
from services.notifications.usecases.request import Request
from shared.clock import FixedClock
from shared.contracts import collections, ledger
from shared.contracts.event import Event
from shared.ids import customer_id_of, derived_id, new_id, partition_of
from shared.messaging.customers import lock_customers
from shared.messaging.envelope import Envelope
from shared.messaging.subscription import Day, Received
from shared.service import Context, make_context
from shared.web.idempotency import Origin

PARTITIONS = 4
TODAY = date(2026, 3, 16)  # a Monday
NOW = datetime(2026, 3, 16, 2, 30, tzinfo=UTC)  # 10:30 in Shanghai
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
ROOT = UUID("019cae00-0000-7000-8000-000000000000")
PAYEE = ledger.Payee(
    name="Dueflow Shanghai",
    account="6222 0000 1234",
    bank="Bank of Tests",
    phone="+862112345678",
    email="ar@dueflow.test",
)


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
class Customer:
    """A customer and the facts that are published about him."""

    number: str = "C-1"
    entity: str = "cn01"
    heard: int = 0

    @property
    def customer_id(self) -> UUID:
        """The customer's id."""
        return customer_id_of(self.number)

    def instalment_id(self, invoice: str, ordinal: int = 1) -> UUID:
        """The id of an instalment."""
        return derived_id(self.customer_id, invoice, ordinal)

    def issued(
        self, invoice: str, *, due: date = date(2026, 3, 1), amount: int = 125_000, currency: str = "CNY"
    ) -> Received:
        """An invoice of one instalment."""
        part = ledger.IssuedInstalment(
            instalment_id=self.instalment_id(invoice), ordinal=1, due_date=due, amount_minor=amount
        )
        return self._received(
            ledger.InvoiceIssued(
                invoice_id=derived_id(self.customer_id, invoice),
                entity=self.entity,
                number=invoice,
                issue_date=due - timedelta(days=30),
                currency=currency,
                total_minor=amount,
                penalty_pct_per_day=Decimal("0.05"),
                security_rank=0,
                instalments=[part],
            )
        )

    def paid(self, invoice: str, *, left: int = 0, episode: int = 1, before: int = 125_000) -> Received:
        """A payment that leaves so much open."""
        change = ledger.InstalmentChange(
            instalment_id=self.instalment_id(invoice),
            invoice_id=derived_id(self.customer_id, invoice),
            invoice_number=invoice,
            ordinal=1,
            due_date=date(2026, 3, 1),
            open_before_minor=before,
            open_after_minor=left,
            rule="designation",
            effective_date=TODAY,
            episode=episode,
        )
        return self._received(
            ledger.PaymentAllocated(
                credit_id=new_id(),
                credit_kind="payment",
                entity=self.entity,
                currency="CNY",
                unapplied_before_minor=before,
                unapplied_after_minor=0,
                changes=[change],
            )
        )

    def planned(
        self,
        *invoices: str,
        purpose: str = "reminder",
        step: str | None = None,
        on: date = TODAY,
        formal: bool = False,
        channels: Sequence[collections.Channel] = ("email", "sms"),
        listed: Sequence[str] = (),
        reminder_id: UUID | None = None,
        episode: int = 1,
    ) -> Received:
        """A reminder about these invoices, which also lists others."""
        reached = step or purpose
        return self._received(
            collections.ReminderPlanned(
                reminder_id=reminder_id or self.reminder_id(purpose, on),
                entity=self.entity,
                purpose=purpose,
                step=reached,
                planned_date=on,
                channels=list(channels),
                formal=formal,
                answer_working_days=7 if formal else None,
                playbook_version="default-1",
                lines=[
                    self._line(each, reached if each in invoices else None, episode) for each in (*invoices, *listed)
                ],
            )
        )

    def reminder_id(self, purpose: str = "reminder", on: date = TODAY) -> UUID:
        """The id that collections gives to a reminder."""
        return derived_id(self.customer_id, f"reminder/{self.entity}/{purpose}", on.isoformat())

    def message_id(self, purpose: str = "reminder", on: date = TODAY) -> UUID:
        """The id of the message that follows from it."""
        return derived_id(self.reminder_id(purpose, on), "message")

    def withdrawn(self, purpose: str = "reminder", on: date = TODAY, reason: str = "superseded") -> Received:
        """The reminder will not be carried out."""
        return self._received(collections.ReminderWithdrawn(reminder_id=self.reminder_id(purpose, on), reason=reason))

    def fact(self, event: Event) -> Received:
        """Any other event about this customer."""
        return self._received(event)

    def _line(self, invoice: str, step: str | None, episode: int) -> collections.ReminderLine:
        return collections.ReminderLine(
            instalment_id=self.instalment_id(invoice),
            invoice_id=derived_id(self.customer_id, invoice),
            invoice_number=invoice,
            ordinal=1,
            due_date=date(2026, 3, 1),
            currency="CNY",
            collectible_minor=125_000,
            episode=episode,
            step=step,
            days_past_due=15,
            penalty_pct_per_day=Decimal("0.05"),
        )

    def _received(self, event: Event) -> Received:
        self.heard += 1
        event_id = derived_id(self.customer_id, "event", self.heard)
        return Received(event, envelope(event_id, event.wire, self.customer_id))


def creditor(entity: str = "cn01", name: str = "Dueflow 上海") -> Received:
    """The creditor's record."""
    event = ledger.EntityRecorded(
        entity=entity, name=name, country="CN", zone="Asia/Shanghai", currency="CNY", payee=PAYEE
    )
    return Received(event, envelope(derived_id(ROOT, "entity", entity), event.wire, None))


def envelope(event_id: UUID, wire: str, customer_id: UUID | None, *, day: date = TODAY) -> Envelope:
    """An envelope as a publisher writes it."""
    return Envelope(
        event_id=event_id,
        wire=wire,
        source="dueflow/test",
        subject=str(event_id),
        recorded_at=NOW,
        business_date=day,
        effective_date=day,
        customer_id=customer_id,
        correlation_id="corr-test-1",
        causation_id=ROOT,
        actor="test",
        traceparent=TRACE,
        epoch=1,
        sequence=1,
        previous_id=None,
    )


def person(customer: Customer, **facts: Any) -> Person:
    """A verified person at an address for service, unless told otherwise."""
    told = {
        "customer_number": customer.number,
        "company_name": "Mingyuan Machinery Ltd",
        "name": "Wang Fang",
        "role": "finance",
        "language": "en",
        "zone": "Asia/Shanghai",
        "email": "wang@customer.test",
        "phone": None,
        "verified": True,
        "address_for_service": True,
    }
    return Person(**{**told, **facts})


@dataclass
class House:
    """Notifications with its database, a clock that stands still, open gates and a mail server of the test's own."""

    context: Context
    sink: Sink
    clock: FixedClock
    gates: OpenGates
    day: date = TODAY
    mail_seconds: float = 5
    applied: dict[str, int] = field(default_factory=dict)

    @property
    def sender(self) -> Sender:
        """A fresh sender, as after a start."""
        server = Server(
            host="127.0.0.1", port=self.sink.port, tls="none", sender="ar@dueflow.test", mail_seconds=self.mail_seconds
        )
        return Sender(self.context, make_desk(self.context), server)

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

    async def published(self) -> list[str]:
        """The names of what was published, in order."""
        return [name for name, _ in await self.events()]

    async def rows(self, sql: str, **values: Any) -> list[Any]:
        """Read rows as tuples."""
        async with self.context.engine.connect() as connection:
            return [tuple(row) for row in await connection.execute(text(sql), values)]

    async def execute(self, sql: str, **values: Any) -> None:
        """Change something behind the service's back."""
        async with self.context.begin() as connection:
            await connection.execute(text(sql), values)


async def build_house(database_url: str, sink: Sink, *, clock: str = "fast") -> House:
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
    )
    gates, fixed = OpenGates(), FixedClock(NOW)
    made = make_context(SERVICE, settings, "worker", gates=lambda _engine: gates)  # type: ignore[arg-type,return-value]
    house = House(context=replace(made, clock=fixed), sink=sink, clock=fixed, gates=gates)
    async with house.context.begin() as connection:
        await load_templates(connection, at=NOW)
    await house.open()
    await house.hear(creditor())
    return house
