"""Payments as callers read them: amounts are decimal strings in the payment's currency."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from pydantic import BaseModel

from services.ledger.api.invoice_views import AllocationView, view_allocation
from services.ledger.domain.credit import Credit
from services.ledger.store.allocations import Allocation
from shared.money import format_amount


class PaymentView(BaseModel):
    """A payment: amount = settled + unapplied + refunded + reversed, and the allocations that settled it."""

    payment_id: UUID
    customer_id: UUID
    entity: str
    reference: str
    received_date: date
    currency: str
    amount: str
    settled: str
    unapplied: str
    refunded: str
    reversed: str
    allocations: list[AllocationView]


def view_payment(payment: Credit, allocations: Sequence[Allocation]) -> PaymentView:
    """Return a payment as callers see it."""

    def shown(minor: int) -> str:
        return format_amount(minor, payment.currency)

    return PaymentView(
        payment_id=payment.credit_id,
        customer_id=payment.customer_id,
        entity=payment.entity,
        reference=payment.number,
        received_date=payment.effective_date,
        currency=payment.currency,
        amount=shown(payment.amount_minor),
        settled=shown(payment.settled_minor),
        unapplied=shown(payment.unapplied_minor),
        refunded=shown(payment.refunded_minor),
        reversed=shown(payment.reversed_minor),
        allocations=[view_allocation(each) for each in allocations],
    )
