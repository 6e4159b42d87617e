"""One customer's story as the other services tell it: each fact in order, with an envelope of its own."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from shared.contracts import credit, ledger, notifications
from shared.contracts.event import Event
from shared.ids import customer_id_of, derived_id
from shared.messaging.envelope import Envelope
from shared.messaging.subscription import Received

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
ROOT = UUID("019cae00-0000-7000-8000-000000000000")
ENTITY = "cn01"


@dataclass
class Debt:
    """An instalment as the ledger would keep it."""

    invoice: str
    ordinal: int
    due_date: date
    amount: int
    open: int
    episode: int = 1


@dataclass
class Story:
    """The facts about one customer, told in order, each with an envelope of its own."""

    number: str = "C-1"
    today: date = date(2026, 3, 2)
    entity: str = ENTITY
    debts: dict[tuple[str, int], Debt] = field(default_factory=dict)
    told: int = 0

    @property
    def customer_id(self) -> UUID:
        """The customer's id."""
        return customer_id_of(self.number)

    def invoice_id(self, invoice: str) -> UUID:
        """The id of an invoice."""
        return derived_id(self.customer_id, invoice)

    def instalment_id(self, invoice: str, ordinal: int = 1) -> UUID:
        """The id of an instalment."""
        return derived_id(self.invoice_id(invoice), "instalment", ordinal)

    def recorded(self, country: str = "CN") -> Received:
        """The creditor entity."""
        event = ledger.EntityRecorded(
            entity=self.entity,
            name="Dueflow China",
            country=country,
            zone="Asia/Shanghai",
            currency="CNY",
            payee=ledger.Payee(name="D", account="1", bank="B", phone="1", email="d@example.test"),
        )
        return self.received(event, customer=False)

    def issued(self, invoice: str, *parts: tuple[date, int]) -> Received:
        """An invoice of these instalments (due date, amount in minor units)."""
        for ordinal, (due_date, amount) in enumerate(parts, start=1):
            self.debts[invoice, ordinal] = Debt(invoice, ordinal, due_date, amount, amount)
        return self.received(
            ledger.InvoiceIssued(
                invoice_id=self.invoice_id(invoice),
                entity=self.entity,
                number=invoice,
                issue_date=self.today,
                currency="CNY",
                total_minor=sum(amount for _, amount in parts),
                penalty_pct_per_day=Decimal("0.05"),
                security_rank=0,
                instalments=[
                    ledger.IssuedInstalment(
                        instalment_id=self.instalment_id(invoice, ordinal),
                        ordinal=ordinal,
                        due_date=due_date,
                        amount_minor=amount,
                    )
                    for ordinal, (due_date, amount) in enumerate(parts, start=1)
                ],
            )
        )

    def overdue(self, invoice: str, ordinal: int = 1) -> Received:
        """The day after the due date has come."""
        debt = self.debts[invoice, ordinal]
        return self.received(
            ledger.InvoiceOverdue(
                invoice_id=self.invoice_id(invoice),
                instalment_id=self.instalment_id(invoice, ordinal),
                entity=self.entity,
                number=invoice,
                ordinal=ordinal,
                due_date=debt.due_date,
                currency="CNY",
                open_minor=debt.open,
                episode=debt.episode,
            )
        )

    def paid(self, payment: str, *parts: tuple[str, int], effective: date | None = None) -> Received:
        """A payment that settles these amounts of these invoices' first instalments."""
        changes = [self._change(invoice, -amount, effective) for invoice, amount in parts]
        return self.received(
            ledger.PaymentAllocated(
                credit_id=derived_id(self.customer_id, payment),
                credit_kind="payment",
                entity=self.entity,
                currency="CNY",
                unapplied_before_minor=sum(amount for _, amount in parts),
                unapplied_after_minor=0,
                changes=changes,
            )
        )

    def bounced(self, payment: str, *parts: tuple[str, int]) -> Received:
        """The payment bounces: what it had settled is open again."""
        changes = [self._change(invoice, amount, None) for invoice, amount in parts]
        return self.received(
            ledger.PaymentReversed(
                payment_id=derived_id(self.customer_id, payment),
                entity=self.entity,
                currency="CNY",
                reason="bounced",
                reversed_date=self.today,
                unapplied_before_minor=0,
                unapplied_after_minor=0,
                changes=changes,
            )
        )

    def credited(self, note: str, invoice: str, amount: int) -> Received:
        """A credit note lowers an invoice."""
        return self.received(
            ledger.CreditNoteIssued(
                credit_note_id=derived_id(self.customer_id, note),
                entity=self.entity,
                number=note,
                invoice_id=self.invoice_id(invoice),
                currency="CNY",
                total_minor=amount,
                unapplied_after_minor=0,
                reason="returned",
                changes=[self._change(invoice, -amount, None)],
            )
        )

    def registered(self, grade: credit.Grade | None = None) -> Received:
        """Credit knows the customer."""
        facts = credit.CustomerFacts(customer_number=self.number, kind="company", country="CN", grade=grade)
        return self.received(credit.CustomerRegistered(facts=facts), source="credit")

    def sent(self, reminder: dict[str, Any]) -> Received:
        """The message of a ReminderPlanned left today."""
        return self.received(
            notifications.MessageSent(
                **self._message(reminder),
                channel="email",
                sent_at=NOW,
                sent_date=self.today,
                content_sha256="0" * 64,
                contact_role="accounting",
                template_version="1",
                lines=self._lines(reminder),
            ),
            source="notifications",
        )

    def delivered(self, reminder: dict[str, Any]) -> Received:
        """The message arrived today."""
        return self.received(
            notifications.MessageDelivered(
                **self._message(reminder),
                channel="email",
                arrived_date=self.today,
                ground="service_address",
                lines=self._lines(reminder),
            ),
            source="notifications",
        )

    def withheld(self, reminder: dict[str, Any], reason: str) -> Received:
        """Notifications would not send it."""
        return self.received(
            notifications.MessageWithheld(**self._message(reminder), reason=reason, lines=self._lines(reminder)),
            source="notifications",
        )

    def received(self, event: Event, *, source: str = "ledger", customer: bool = True) -> Received:
        """An event with the envelope its publisher would give it."""
        self.told += 1
        event_id = derived_id(self.customer_id, "event", self.told)
        return Received(
            event, envelope(event_id, event.wire, self.customer_id if customer else None, self.today, source)
        )

    def _change(self, invoice: str, delta: int, effective: date | None) -> ledger.InstalmentChange:
        debt = self.debts[invoice, 1]
        before, debt.open = debt.open, debt.open + delta
        debt.episode += before == 0
        return ledger.InstalmentChange(
            instalment_id=self.instalment_id(invoice),
            invoice_id=self.invoice_id(invoice),
            invoice_number=invoice,
            ordinal=1,
            due_date=debt.due_date,
            open_before_minor=before,
            open_after_minor=debt.open,
            rule="designation",
            effective_date=effective or self.today,
            episode=debt.episode,
        )

    def _message(self, reminder: dict[str, Any]) -> dict[str, Any]:
        return {
            "message_id": derived_id(UUID(reminder["reminder_id"]), "message"),
            "reminder_id": UUID(reminder["reminder_id"]),
            "entity": reminder["entity"],
            "purpose": reminder["purpose"],
            "step": reminder["step"],
        }

    def _lines(self, reminder: dict[str, Any]) -> list[notifications.MessageLine]:
        return [
            notifications.MessageLine(
                instalment_id=UUID(line["instalment_id"]), step=line["step"], episode=line["episode"]
            )
            for line in reminder["lines"]
        ]


def envelope(event_id: UUID, wire: str, customer_id: UUID | None, business_date: date, source: str) -> Envelope:
    """An envelope as a relay would write it."""
    return Envelope(
        event_id=event_id,
        wire=wire,
        source=source,
        subject=str(event_id),
        recorded_at=NOW,
        business_date=business_date,
        effective_date=business_date,
        customer_id=customer_id,
        correlation_id=TRACE[3:35],
        causation_id=ROOT,
        actor="erp",
        traceparent=TRACE,
        epoch=1,
        sequence=1,
        previous_id=None,
    )
