"""What makes a payment or a credit note acceptable (L4)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from services.ledger.domain.allocation import Designation
from services.ledger.domain.business_day import check_effective
from services.ledger.domain.credit import Credit
from services.ledger.domain.debt import Invoice
from services.ledger.domain.refusals import Conflict, Invalid
from shared.money import round_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFacts:
    """Money that came in, as the ERP or the bank states it."""

    entity: str
    customer_number: str
    source: str
    reference: str
    received_date: date
    currency: str
    amount_minor: int
    remittance: tuple[Designation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditNoteFacts:
    """A credit note as the ERP states it: of one invoice, or of none."""

    entity: str
    number: str
    customer_number: str
    invoice_number: str | None = None
    issue_date: date
    currency: str
    total_minor: int
    tax_minor: int
    reason: str


def receive(facts: PaymentFacts, *, payment_id: UUID, customer_id: UUID, partition_no: int, open_day: date) -> Credit:
    """Return the payment, all of it unapplied; raise Invalid where it is dated after the open day."""
    check_effective(facts.received_date, open_day=open_day, pointer="/received_date")
    return Credit(
        credit_id=payment_id,
        kind="payment",
        number=facts.reference,
        entity=facts.entity,
        customer_id=customer_id,
        partition_no=partition_no,
        currency=facts.currency,
        effective_date=facts.received_date,
        amount_minor=facts.amount_minor,
        unapplied_minor=facts.amount_minor,
    )


def write_credit(
    facts: CreditNoteFacts, *, credit_note_id: UUID, customer_id: UUID, partition_no: int, open_day: date
) -> Credit:
    """Return the credit note, all of it unapplied; raise Invalid where it contradicts itself or the calendar."""
    check_effective(facts.issue_date, open_day=open_day, pointer="/issue_date")
    if facts.tax_minor > facts.total_minor:
        raise Invalid("More than the total.", pointer="/tax")
    return Credit(
        credit_id=credit_note_id,
        kind="credit_note",
        number=facts.number,
        entity=facts.entity,
        customer_id=customer_id,
        partition_no=partition_no,
        currency=facts.currency,
        effective_date=facts.issue_date,
        amount_minor=facts.total_minor,
        unapplied_minor=facts.total_minor,
    )


def creditable(facts: CreditNoteFacts, *, invoice: Invoice | None, customer_id: UUID) -> Invoice | None:
    """Return the invoice that a credit note lowers, or None where it names none; raise where that cannot be."""
    if facts.invoice_number is None:
        return None
    if invoice is None or invoice.customer_id != customer_id or invoice.currency != facts.currency:
        raise Invalid("This customer has no such invoice in this currency.", pointer="/invoice_number")
    if invoice.state != "issued":
        raise Conflict(f"The invoice is {invoice.state}.")
    return invoice


def tax_within(minor: int, *, invoice: Invoice) -> int:
    """Return the tax in a part of an invoice's total, in proportion, half up."""
    return round_minor(Decimal(minor * invoice.tax_minor) / invoice.total_minor)
