"""What happens in the house meanwhile: new customers are billed, some pay, and days pass."""

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import asyncpg
from dueflow_client import Dueflow, Problem
from dueflow_client.shapes import ContactPoint, Customer, Entity, Invoice, Payment

from tests.faults.house import House

FIRST_DAY = date(2025, 3, 3)
ENTITY = "faults"
_PRICE = "113.00"
_LONGEST_DAY_SECONDS = 240


@dataclass(slots=True)
class Trade:
    """The company's day; every name it gives is new, so that tests share one house without meeting."""

    dueflow: Dueflow
    day: date = FIRST_DAY
    invoices: list[str] = field(default_factory=list)
    payments: list[str] = field(default_factory=list)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)
    _diary: list[tuple[date, Sequence[Invoice], Sequence[Payment]]] = field(default_factory=list)

    async def open(self) -> None:
        """Open the first day and found the company."""
        await self._work_day()
        await self.dueflow.ledger.record_entity(_COMPANY)

    async def newcomers(self, count: int, *, trusted: bool = False) -> list[str]:
        """Register customers with a person to write to, `trusted` ones with a limit; return their numbers."""
        numbers = [f"F-{next(self._numbers)}" for _ in range(count)]
        facts = [_trusted(each) if trusted else _customer(each) for each in numbers]
        _all_accepted(await self.dueflow.credit.register_customers(facts))
        _all_accepted(await self.dueflow.notifications.add_contact_points([_contact(each) for each in numbers]))
        return numbers

    def bill(self, customer: str, *, due_in_days: int) -> Invoice:
        """Return an invoice of today; a due date in the past makes it overdue at once."""
        return {
            "entity": ENTITY,
            "number": f"R-{next(self._numbers)}",
            "customer_number": customer,
            "issue_date": self.day.isoformat(),
            "currency": "CNY",
            "lines": [{"description": "Bearings", "amount": "100.00"}],
            "tax": "13.00",
            "total": _PRICE,
            "instalments": [{"due_date": (self.day + timedelta(days=due_in_days)).isoformat(), "amount": _PRICE}],
        }

    async def issue(self, invoices: Sequence[Invoice]) -> None:
        """Issue invoices, and remember those that were acknowledged."""
        _all_accepted(await self.dueflow.ledger.issue_invoices(invoices))
        self.invoices += [invoice["number"] for invoice in invoices]

    async def pay(self, customer: str, invoice_number: str) -> None:
        """Pay an invoice in full."""
        await self._record(self._payment(customer, invoice_number))

    async def _record(self, payment: Payment) -> None:
        await self.dueflow.ledger.record_payment(payment)
        self.payments.append(payment["reference"])

    def _payment(self, customer: str, invoice_number: str) -> Payment:
        return {
            "entity": ENTITY,
            "customer_number": customer,
            "source": "bank",
            "reference": f"P-{next(self._numbers)}",
            "received_date": self.day.isoformat(),
            "currency": "CNY",
            "amount": _PRICE,
            "remittance": [{"invoice_number": invoice_number}],
        }

    async def turn(self, days: int = 1) -> None:
        """Let days pass, each worked to its end by all services."""
        for _ in range(days):
            self.day += timedelta(days=1)
            await self._work_day()

    async def _work_day(self) -> None:
        await self.dueflow.ledger.open_day(self.day)
        async with asyncio.timeout(_LONGEST_DAY_SECONDS):
            while not (await self.dueflow.ledger.day(self.day, wait_seconds=1))["complete"]:
                pass

    async def kept(self, ledger_url: str) -> None:
        """Assert that the ledger has everything that it ever acknowledged to us (N)."""
        connection = await asyncpg.connect(ledger_url.replace("+asyncpg", ""))
        try:
            for noun, acknowledged in (("invoice.number", self.invoices), ("payment.reference", self.payments)):
                table, _, column = noun.partition(".")
                kept = await connection.fetch(f"SELECT {column} FROM {table}")
                assert set(acknowledged) <= {row[0] for row in kept}, table
        finally:
            await connection.close()

    async def run(self, *, days: int, customers: int = 6) -> None:
        """Bill newcomers each day (one debt overdue, one to come), let every second pay, and let the day pass."""
        people = await self.newcomers(customers)
        for _ in range(days):
            late = [self.bill(each, due_in_days=-2) for each in people]
            invoices = late + [self.bill(each, due_in_days=2) for each in people]
            payments = [self._payment(each["customer_number"], each["number"]) for each in late[::2]]
            self._diary.append((self.day, invoices, payments))
            await self._deal(invoices, payments)

    async def _deal(self, invoices: Sequence[Invoice], payments: Sequence[Payment]) -> None:
        await self.issue(invoices)
        await asyncio.gather(*(self._record(each) for each in payments))
        await self.turn()

    async def say_again(self, *, since: date) -> None:
        """Tell the ledger once more what it was told since then, each on its day, as an ERP would from its books."""
        self.day = since
        for day, invoices, payments in self._diary:
            if day >= since:
                await self._deal(invoices, payments)


async def goes_on(house: House, trade: Trade, *, days: int = 1) -> None:
    """Assert that trade goes on for these days, that then nothing differs, and that all ever acknowledged is kept."""
    if days:
        await trade.run(days=days)
    await house.check()
    await trade.kept(house.stack.database_url("ledger"))


def _all_accepted(results: Sequence[Any | Problem]) -> None:
    refused = [str(each) for each in results if isinstance(each, Problem)]
    assert not refused, refused


_COMPANY: Entity = {
    "code": ENTITY,
    "name": "Faults Ltd.",
    "country": "CN",
    "zone": "Asia/Shanghai",
    "currency": "CNY",
    "accounts": "china",
    "payee": {
        "name": "Faults Ltd.",
        "account": "6222 0000 0000 0000 123",
        "bank": "Example Bank",
        "phone": "+86 21 5550 0142",
        "email": "receivables@faults.example.test",
    },
}


def _customer(number: str) -> Customer:
    return {"customer_number": number, "name": f"Customer {number}", "kind": "company", "country": "CN"}


def _trusted(number: str) -> Customer:
    return {**_customer(number), "grade": "A", "limit": {"amount": "20000.00", "currency": "CNY"}}


def _contact(number: str) -> ContactPoint:
    return {
        "customer_number": number,
        "company_name": f"Customer {number}",
        "name": "Li Na",
        "role": "accounts_payable",
        "language": "en",
        "zone": "Asia/Shanghai",
        "verified": True,
        "address_for_service": True,
        "email": f"{number.lower()}@example.test",
    }
