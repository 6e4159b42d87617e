"""One limit, many orders and payments at once on the real stack: it holds to the cent, whoever comes first (C5)."""

import asyncio
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from dueflow_client import Addresses, Dueflow
from dueflow_client.shapes import Customer, Invoice, Payment

from demo.fast_clock import FastClock
from demo.house import COMPANY
from deploy.local.runner import LocalStack

DAY = date(2025, 3, 3)
NUMBER = "C-1"
LIMIT = Decimal("1000.00")
SERVICES = ("credit", "ledger", "collections", "notifications")
ORDERS, ORDER = 50, Decimal("33.34")
PAYMENTS, PAYMENT = 10, Decimal("40.00")
OPEN = Decimal("400.00")
CUSTOMER: Customer = {
    "customer_number": NUMBER,
    "name": "Crowded Ltd.",
    "kind": "company",
    "country": "CN",
    "grade": "A",
    "limit": {"amount": str(LIMIT), "currency": "CNY"},
}
INVOICE: Invoice = {
    "entity": COMPANY["code"],
    "number": "R-1",
    "customer_number": NUMBER,
    "issue_date": DAY.isoformat(),
    "currency": "CNY",
    "lines": [{"description": "Bearings", "amount": str(OPEN)}],
    "tax": "0.00",
    "total": str(OPEN),
    "terms": {"kind": "net", "days": 30},
}


def payment(number: int) -> Payment:
    """A part of what is owed."""
    return {
        "entity": COMPANY["code"],
        "customer_number": NUMBER,
        "source": "bank",
        "reference": f"P-{number}",
        "received_date": DAY.isoformat(),
        "currency": "CNY",
        "amount": str(PAYMENT),
    }


async def exposed(dueflow: Dueflow) -> Decimal:
    """The customer's exposure as credit sees it."""
    (shown,) = [each async for each in dueflow.credit.exposures(customer_number=NUMBER)]
    return Decimal(shown["exposure"]["amount"])


async def until_exposed(dueflow: Dueflow, amount: Decimal) -> None:
    """Return when credit has heard of all."""
    async with asyncio.timeout(120):
        while await exposed(dueflow) != amount:
            await asyncio.sleep(0.1)


@pytest.mark.timeout(600)
async def test_fifty_orders_and_ten_payments_at_once_never_exceed_one_limit(tmp_path: Path) -> None:
    """C5: 600.00 are free, 400.00 more come in: each approval fits what was known then, and all fit at last."""
    async with LocalStack(tmp_path, partitions=2, fast_clock=True) as stack:
        addresses = Addresses(**{service: stack.api_url(service) for service in SERVICES})
        async with Dueflow(addresses, key=stack.api_key) as dueflow:
            await FastClock(dueflow).turn_to(DAY)
            await dueflow.ledger.record_entity(COMPANY)
            await dueflow.credit.register_customer(CUSTOMER)
            await dueflow.ledger.issue_invoices([INVOICE])
            await until_exposed(dueflow, OPEN)
            answers: list[Any] = await asyncio.gather(
                *(
                    dueflow.credit.check_order(
                        {"customer_number": NUMBER, "order_number": f"O-{n}", "amount": str(ORDER), "currency": "CNY"}
                    )
                    for n in range(ORDERS)
                ),
                *(dueflow.ledger.record_payment(payment(n)) for n in range(PAYMENTS)),
            )
            approved = [each for each in answers[:ORDERS] if each["decision"] == "approve"]
            with_order = [Decimal(each["exposure"]["with_order"]["amount"]) for each in approved]
            assert max(with_order) <= LIMIT
            assert int((LIMIT - OPEN) / ORDER) <= len(approved) <= int(LIMIT / ORDER)
            await until_exposed(dueflow, OPEN - PAYMENTS * PAYMENT + len(approved) * ORDER)
            assert await exposed(dueflow) <= LIMIT
