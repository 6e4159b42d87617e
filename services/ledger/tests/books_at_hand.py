"""A ledger's database with one entity, and the use cases called directly: what tests of reading stand on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.ledger.domain.allocation import Designation
from services.ledger.domain.invoice import Due, InvoiceFacts, Line
from services.ledger.domain.payment import PaymentFacts
from services.ledger.usecases.invoice_commands import IssuedInvoice, IssueInvoice
from services.ledger.usecases.issue_invoices import issue_invoices
from services.ledger.usecases.origin import Origin
from services.ledger.usecases.record_payments import RecordedPayment, RecordPayment, record_payments
from shared.ids import customer_id_of, new_id
from shared.messaging.customers import lock_customers
from shared.messaging.outbox import Outbox
from shared.observe.trace import start

ENTITY = "acme"
PARTITIONS = 4


@dataclass
class Books:
    """The books of one entity in CNY."""

    engine: AsyncEngine

    async def begin(self, day: date) -> None:
        """Record the entity, and open the first day."""
        async with self.engine.begin() as connection:
            await connection.execute(
                text("""
                    INSERT INTO entity (entity, name, country, zone, currency, accounts, payee, recorded_at)
                    VALUES (:entity, 'Acme', 'CN', 'Asia/Shanghai', 'CNY', 'china', '{}', now())
                """),
                {"entity": ENTITY},
            )
        await self.turn(day)

    async def turn(self, day: date) -> None:
        """Let a day follow, without what the worker does on it."""
        async with self.engine.begin() as connection:
            await connection.execute(text("UPDATE business_day SET state = 'closed'"))
            await connection.execute(
                text("""
                    INSERT INTO business_day (day, state, cause_id, actor, correlation_id, traceparent, asked_at)
                    VALUES (:day, 'open', :cause_id, 'test', 'test', 'test', now())
                """),
                {"day": day, "cause_id": new_id()},
            )

    async def issue(self, number: str, *, customer: str, issued: date, dues: Sequence[tuple[date, int]]) -> UUID:
        """Issue an invoice of these instalments."""
        total = sum(minor for _, minor in dues)
        facts = InvoiceFacts(
            entity=ENTITY,
            number=number,
            customer_number=customer,
            issue_date=issued,
            currency="CNY",
            lines=(Line(description=number, minor=total),),
            tax_minor=0,
            total_minor=total,
            instalments=tuple(Due(due_date=due, minor=minor) for due, minor in dues),
        )
        command = IssueInvoice(origin=origin(), facts=facts)
        async with self.engine.begin() as connection:
            await lock_customers(connection, [customer_id_of(customer)], partitions=PARTITIONS)
            [result] = await issue_invoices(connection, [command], outbox=Outbox(PARTITIONS))
        assert isinstance(result, IssuedInvoice), result
        return result.invoice.invoice_id

    async def pay(
        self, reference: str, *, customer: str, received: date, minor: int, invoice: str, ordinal: int | None = None
    ) -> None:
        """Record a payment that designates an invoice, or one instalment of it."""
        facts = PaymentFacts(
            entity=ENTITY,
            customer_number=customer,
            source="bank",
            reference=reference,
            received_date=received,
            currency="CNY",
            amount_minor=minor,
            remittance=(Designation(invoice_number=invoice, ordinal=ordinal),),
        )
        command = RecordPayment(origin=origin(), facts=facts)
        async with self.engine.begin() as connection:
            await lock_customers(connection, [customer_id_of(customer)], partitions=PARTITIONS)
            [result] = await record_payments(connection, [command], outbox=Outbox(PARTITIONS))
        assert isinstance(result, RecordedPayment), result


def origin() -> Origin:
    """A request of nobody in particular."""
    trace = start()
    return Origin(
        cause_id=new_id(),
        actor="test",
        correlation_id=trace.correlation_id,
        traceparent=trace.traceparent,
        recorded_at=datetime.now(UTC),  # noqa: TID251 - tests may read the clock
    )
