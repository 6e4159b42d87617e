"""Events as the ledger and collections publish them, and the people whom they concern."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.notifications.usecases.record_contact_points import Person
from shared.contracts import collections, ledger
from shared.contracts.event import Event
from shared.ids import customer_id_of, derived_id, new_id
from shared.messaging.envelope import Envelope
from shared.messaging.subscription import Received

TODAY = date(2026, 3, 16)  # a Monday
TOMORROW = TODAY + timedelta(days=1)
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

    def credited(self, invoice: str, minor: int, *, before: int = 125_000) -> Received:
        """A credit note that lowers an invoice."""
        paid = self.paid(invoice, left=before - minor, before=before)
        self.heard -= 1
        assert isinstance(paid.event, ledger.PaymentAllocated)
        return self._received(
            ledger.CreditNoteIssued(
                credit_note_id=new_id(),
                entity=self.entity,
                number=f"CN-{invoice}",
                currency="CNY",
                total_minor=minor,
                unapplied_after_minor=0,
                reason="quality",
                changes=paid.event.changes,
            )
        )

    def planned(
        self,
        *invoices: str,
        purpose: str = "reminder",
        step: str | None = None,
        on: date = TODAY,
        formal: bool = False,
        channels: Sequence[collections.Channel] = ("email",),
        listed: Sequence[str] = (),
        reminder_id: UUID | None = None,
        episode: int = 1,
        approved: bool = True,
    ) -> Received:
        """A reminder about these invoices, which also lists others; a formal one was approved by a task."""
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
                approval_task_id=UUID(int=7) if formal and approved else None,
                playbook_version="default-1",
                lines=[
                    self._line(each, reached if each in invoices else None, episode) for each in (*invoices, *listed)
                ],
            )
        )

    def reminder_id(self, purpose: str = "reminder", on: date = TODAY) -> UUID:
        """The id that collections gives to a reminder."""
        return derived_id(self.customer_id, f"reminder/{self.entity}/{purpose}", on.isoformat())

    def message_id(self, purpose: str = "reminder", on: date = TODAY, channel: str = "email") -> UUID:
        """The id of the message that follows from it on a channel."""
        return derived_id(self.reminder_id(purpose, on), "message" if channel == "email" else f"message/{channel}")

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
