"""Payments and credit notes as callers read them: amounts are decimal strings in their currency."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from pydantic import BaseModel

from services.ledger.api.invoice_views import AllocationView, view_allocation
from services.ledger.domain.credit import Credit
from services.ledger.store.allocations import Allocation
from shared.money import format_amount


class CreditView(BaseModel):
    """A payment or credit note as it stands: amount = settled + unapplied + refunded + reversed."""

    customer_id: UUID
    entity: str
    currency: str
    amount: str
    settled: str
    unapplied: str
    refunded: str
    reversed: str


class PaymentSummary(CreditView):
    """A payment as it stands."""

    payment_id: UUID
    reference: str
    received_date: date


class PaymentView(PaymentSummary):
    """A payment with all that it settled, and opened again, by which rule and why."""

    allocations: list[AllocationView]


class CreditNoteSummary(CreditView):
    """A credit note as it stands."""

    credit_note_id: UUID
    number: str
    issue_date: date


class CreditNoteView(CreditNoteSummary):
    """A credit note with all that it settled."""

    allocations: list[AllocationView]


def view_credit(credit: Credit) -> CreditView:
    """Return the balances of a payment or credit note."""

    def shown(minor: int) -> str:
        return format_amount(minor, credit.currency)

    return CreditView(
        customer_id=credit.customer_id,
        entity=credit.entity,
        currency=credit.currency,
        amount=shown(credit.amount_minor),
        settled=shown(credit.settled_minor),
        unapplied=shown(credit.unapplied_minor),
        refunded=shown(credit.refunded_minor),
        reversed=shown(credit.reversed_minor),
    )


def summarize_payment(payment: Credit) -> PaymentSummary:
    """Return a payment as listings show it."""
    return PaymentSummary(
        **view_credit(payment).model_dump(),
        payment_id=payment.credit_id,
        reference=payment.number,
        received_date=payment.effective_date,
    )


def summarize_credit_note(note: Credit) -> CreditNoteSummary:
    """Return a credit note as listings show it."""
    return CreditNoteSummary(
        **view_credit(note).model_dump(),
        credit_note_id=note.credit_id,
        number=note.number,
        issue_date=note.effective_date,
    )


def view_payment(payment: Credit, allocations: Sequence[Allocation]) -> PaymentView:
    """Return a payment with its allocations."""
    summary = summarize_payment(payment).model_dump()
    return PaymentView(**summary, allocations=[view_allocation(each) for each in allocations])


def view_credit_note(note: Credit, allocations: Sequence[Allocation]) -> CreditNoteView:
    """Return a credit note with its allocations."""
    summary = summarize_credit_note(note).model_dump()
    return CreditNoteView(**summary, allocations=[view_allocation(each) for each in allocations])
