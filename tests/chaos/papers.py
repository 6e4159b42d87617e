"""The papers that the company draws at random: orders, invoices, payments, credit notes, promises and disputes."""

import random
from dataclasses import dataclass
from datetime import date, timedelta

from dueflow_client.shapes import CreditNote, Dispute, Invoice, Order, Payment, Promise

from shared.money import format_amount
from tests.faults.trade import ENTITY

_CURRENCY = "CNY"
_DUE_DAYS = (-3, 6)
_PAID_PCT = (30, 100, 100, 120)
_CREDITED_PCT = (10, 100)


@dataclass(frozen=True, slots=True)
class Sum:
    """An amount of one customer."""

    customer: str
    minor: int

    def part(self, pct: int) -> "Sum":
        """Return so much of it, at least one."""
        return Sum(self.customer, max(self.minor * pct // 100, 1))


def draw_order(draw: random.Random, number: str, customer: str) -> tuple[Order, Sum]:
    """Return an order on credit; many of them are more than the customer's limit has room for."""
    ordered = Sum(customer, draw.randint(100, 8_000_00))
    order: Order = {
        "customer_number": customer,
        "order_number": number,
        "amount": amount_text(ordered),
        "currency": _CURRENCY,
    }
    return order, ordered


def draw_invoice(draw: random.Random, number: str, customer: str, today: date) -> tuple[Invoice, Sum]:
    """Return an invoice that is overdue at once, or will be soon."""
    owed = Sum(customer, draw.randint(100, 5_000_00))
    amount = amount_text(owed)
    due_date = today + timedelta(days=draw.randint(*_DUE_DAYS))
    invoice: Invoice = {
        "entity": ENTITY,
        "number": number,
        "customer_number": customer,
        "issue_date": today.isoformat(),
        "currency": _CURRENCY,
        "lines": [{"description": "Bearings", "amount": amount}],
        "tax": "0.00",
        "total": amount,
        "instalments": [{"due_date": due_date.isoformat(), "amount": amount}],
    }
    return invoice, owed


def draw_payment(
    draw: random.Random, reference: str, invoice_number: str, debt: Sum, today: date
) -> tuple[Payment, Sum]:
    """Return a payment of all of an invoice, a part, or too much; every second payer says what he pays."""
    paid = debt.part(draw.choice(_PAID_PCT))
    payment: Payment = {
        "entity": ENTITY,
        "customer_number": debt.customer,
        "source": "bank",
        "reference": reference,
        "received_date": today.isoformat(),
        "currency": _CURRENCY,
        "amount": amount_text(paid),
    }
    if draw.random() < 0.5:
        payment["remittance"] = [{"invoice_number": invoice_number}]
    return payment, paid


def draw_credit_note(
    draw: random.Random, number: str, invoice_number: str, debt: Sum, today: date
) -> tuple[CreditNote, Sum]:
    """Return a credit note of a part of an invoice, or of all of it."""
    credited = debt.part(draw.choice(_CREDITED_PCT))
    credit_note: CreditNote = {
        "entity": ENTITY,
        "number": number,
        "customer_number": debt.customer,
        "issue_date": today.isoformat(),
        "currency": _CURRENCY,
        "total": amount_text(credited),
        "tax": "0.00",
        "reason": "goods_returned",
        "invoice_number": invoice_number,
    }
    return credit_note, credited


def draw_promise(draw: random.Random, customer: str, today: date) -> Promise:
    """Return a promise of a sum within some days."""
    return {
        "entity": ENTITY,
        "customer_number": customer,
        "currency": _CURRENCY,
        "amount": amount_text(Sum(customer, draw.randint(100, 2_000_00))),
        "promised_date": (today + timedelta(days=draw.randint(1, 4))).isoformat(),
    }


def draw_dispute(invoice_number: str, debt: Sum) -> Dispute:
    """Return a dispute of a fifth of an invoice."""
    return {
        "entity": ENTITY,
        "customer_number": debt.customer,
        "invoice_number": invoice_number,
        "amount": amount_text(debt.part(20)),
        "reason": "quality",
    }


def amount_text(amount: Sum) -> str:
    """Return an amount as the REST interface takes it."""
    return format_amount(amount.minor, _CURRENCY)
