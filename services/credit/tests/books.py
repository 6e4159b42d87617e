"""What the ledger and collections tell of one customer, each fact with an envelope of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from shared.contracts import collections, ledger
from shared.contracts.event import Event
from shared.ids import customer_id_of, derived_id
from shared.messaging.envelope import Envelope
from shared.messaging.subscription import Received

TODAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
ROOT = UUID("019cae00-0000-7000-8000-000000000000")
PromiseEnding = collections.PromiseKept | collections.PromisePartlyKept | collections.PromiseBroken

_TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@dataclass
class Ledger:
    """Facts of one ledger for one customer number, in order, each with an envelope of its own."""

    number: str
    entity: str = "cn01"
    currency: str = "CNY"
    facts: list[Received] = field(default_factory=list)
    open: dict[UUID, int] = field(default_factory=dict)
    due: dict[UUID, date] = field(default_factory=dict)
    unapplied: int = 0
    heard: int = 0

    def news(self) -> Sequence[Received]:
        """Return the facts since the last call."""
        since, self.heard = self.heard, len(self.facts)
        return self.facts[since:]

    @property
    def customer_id(self) -> UUID:
        """The customer's id."""
        return customer_id_of(self.number)

    def issue(
        self, invoice: str, amount: int, *, order: str | None = None, on: date = TODAY, due: date | None = None
    ) -> None:
        """Issue an invoice of one instalment, due on the day of its issue unless another is named."""
        invoice_id = derived_id(self.customer_id, invoice)
        self.open[invoice_id] = amount
        self.due[invoice_id] = due or on
        self._add(
            ledger.InvoiceIssued(
                invoice_id=invoice_id,
                entity=self.entity,
                number=invoice,
                order_number=order,
                issue_date=on,
                currency=self.currency,
                total_minor=amount,
                penalty_pct_per_day=Decimal("0.05"),
                security_rank=0,
                instalments=[self._instalment(invoice_id, amount)],
            )
        )

    def cancel(self, invoice: str) -> None:
        """Cancel an invoice with what is still open of it."""
        invoice_id = derived_id(self.customer_id, invoice)
        change = self._change(invoice, -self.open[invoice_id])
        self._add(
            ledger.InvoiceCancelled(
                invoice_id=invoice_id,
                entity=self.entity,
                number=invoice,
                currency=self.currency,
                reason="mistake",
                changes=[change],
            )
        )

    def credit(self, note: str, invoice: str, amount: int) -> None:
        """Credit an invoice; what is not open of it any more is unapplied."""
        lowered = min(amount, self.open[derived_id(self.customer_id, invoice)])
        self.unapplied += amount - lowered
        self._add(
            ledger.CreditNoteIssued(
                credit_note_id=derived_id(self.customer_id, note),
                entity=self.entity,
                number=note,
                invoice_id=derived_id(self.customer_id, invoice),
                currency=self.currency,
                total_minor=amount,
                unapplied_after_minor=amount - lowered,
                reason="returned",
                changes=[self._change(invoice, -lowered)],
            )
        )

    def pay(self, payment: str, amount: int, *invoices: str, on: date = TODAY) -> int:
        """Pay, and settle the invoices as far as the money goes; return what stays unapplied of it."""
        self.unapplied += amount
        self._add(
            ledger.PaymentReceived(
                payment_id=derived_id(self.customer_id, payment),
                entity=self.entity,
                source="bank",
                reference=payment,
                currency=self.currency,
                amount_minor=amount,
                received_date=on,
            )
        )
        rest, changes = amount, []
        for invoice in invoices:
            part = min(rest, self.open[derived_id(self.customer_id, invoice)])
            changes.append(self._change(invoice, -part, on=on))
            rest -= part
        if changes:
            self.unapplied -= amount - rest
            self._add(
                ledger.PaymentAllocated(
                    credit_id=derived_id(self.customer_id, payment),
                    credit_kind="payment",
                    entity=self.entity,
                    currency=self.currency,
                    unapplied_before_minor=amount,
                    unapplied_after_minor=rest,
                    changes=changes,
                )
            )
        return rest

    def reverse(self, payment: str, invoice: str, amount: int, unapplied: int, *, on: date = TODAY) -> None:
        """Reverse a payment: what it had settled of the invoice is open again, its unapplied rest is gone."""
        self.unapplied -= unapplied
        self._add(
            ledger.PaymentReversed(
                payment_id=derived_id(self.customer_id, payment),
                entity=self.entity,
                currency=self.currency,
                reason="bounced",
                reversed_date=on,
                unapplied_before_minor=unapplied,
                unapplied_after_minor=0,
                changes=[self._change(invoice, amount, on=on)],
            )
        )

    def refund(self, payment: str, amount: int, unapplied: int) -> None:
        """Pay unapplied money back."""
        self.unapplied -= amount
        self._add(
            ledger.PaymentRefunded(
                payment_id=derived_id(self.customer_id, payment),
                refund_id=derived_id(self.customer_id, f"refund/{payment}"),
                entity=self.entity,
                currency=self.currency,
                amount_minor=amount,
                unapplied_before_minor=unapplied,
                unapplied_after_minor=unapplied - amount,
            )
        )

    def end_promise(self, promise: str, kind: type[PromiseEnding] = collections.PromiseBroken) -> None:
        """Let collections say how a promise ended."""
        self._add(
            kind(
                promise_id=derived_id(self.customer_id, promise),
                entity=self.entity,
                currency=self.currency,
                amount_minor=100,
                paid_minor=0 if kind is collections.PromiseBroken else 100,
                instalment_ids=[],
            )
        )

    def dispute(self, invoice: str, amount: int) -> None:
        """Let collections open a dispute about a part of an invoice."""
        self._add(collections.DisputeOpened(**self._contested(invoice, amount), reason="quality"))

    def settle_dispute(self, invoice: str, amount: int) -> None:
        """Let collections reject it."""
        contested = self._contested(invoice, amount)
        self._add(collections.DisputeResolved(**contested, outcome="rejected", credited_minor=0, dunning_from=TODAY))

    def stop_supply(self) -> None:
        """Let collections ask for the stop that a manager approved."""
        case_id = derived_id(self.customer_id, "case")
        self._add(collections.SupplyStopRequested(case_id=case_id, entity=self.entity, reason="formal_demand"))

    def _contested(self, invoice: str, amount: int) -> dict[str, Any]:
        invoice_id = derived_id(self.customer_id, invoice)
        return {
            "dispute_id": derived_id(invoice_id, "dispute"),
            "entity": self.entity,
            "invoice_id": invoice_id,
            "instalment_id": derived_id(invoice_id, "1"),
            "currency": self.currency,
            "amount_minor": amount,
        }

    def _change(self, invoice: str, delta: int, *, on: date = TODAY) -> ledger.InstalmentChange:
        invoice_id = derived_id(self.customer_id, invoice)
        before = self.open[invoice_id]
        self.open[invoice_id] = before + delta
        return ledger.InstalmentChange(
            instalment_id=derived_id(invoice_id, "1"),
            invoice_id=invoice_id,
            invoice_number=invoice,
            ordinal=1,
            due_date=self.due[invoice_id],
            open_before_minor=before,
            open_after_minor=before + delta,
            rule="designation",
            effective_date=on,
            episode=1,
        )

    def _instalment(self, invoice_id: UUID, amount: int) -> ledger.IssuedInstalment:
        return ledger.IssuedInstalment(
            instalment_id=derived_id(invoice_id, "1"), ordinal=1, due_date=self.due[invoice_id], amount_minor=amount
        )

    def _add(self, event: Event) -> None:
        event_id = derived_id(self.customer_id, "event", len(self.facts))
        self.facts.append(Received(event, envelope(event_id, event.wire, self.customer_id)))


def envelope(event_id: UUID, wire: str, customer_id: UUID | None) -> Envelope:
    """An envelope as the ledger would write it."""
    return Envelope(
        event_id=event_id,
        wire=wire,
        source="ledger",
        subject=str(event_id),
        recorded_at=NOW,
        business_date=TODAY,
        effective_date=TODAY,
        customer_id=customer_id,
        correlation_id=_TRACE[3:35],
        causation_id=ROOT,
        actor="erp",
        traceparent=_TRACE,
        epoch=1,
        sequence=1,
        previous_id=None,
    )
