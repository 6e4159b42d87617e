"""The simulated sales office: takes orders, asks credit before shipping, invoices, credits and cancels."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from dueflow_client.shapes import CreditNote, Instalment, Invoice

from demo.debts import Debt, amount_text
from demo.habits import first_pay_date
from demo.house import COMPANY, House
from demo.payers import Payers
from demo.population import Customer
from demo.quarrels import Quarrels
from shared.calendars import WorkCalendar
from shared.money import parse_amount, split_by_weight

_TAX_PCT = 13
_DAYS_A_MONTH = 21
_INSTALMENT_WEIGHTS = {1: (1,), 2: (1, 1), 3: (3, 4, 3)}
_INSTALMENT_SHARES = {1: 0.72, 2: 0.18, 3: 0.10}
_INSTALMENT_GAP_DAYS = 30
_CREDIT_NOTE_SHARE = 0.02
_CANCELLATION_SHARE = 0.006


@dataclass(frozen=True, slots=True)
class Order:
    """An order on its way to an invoice."""

    customer: Customer
    number: str
    net_minor: int

    @property
    def tax_minor(self) -> int:
        """Return the value-added tax, the same on every order."""
        return self.net_minor * _TAX_PCT // 100

    @property
    def total_minor(self) -> int:
        """Return what the customer will owe."""
        return self.net_minor + self.tax_minor


class Sales:
    """Orders and the documents that follow from them."""

    def __init__(self, house: House, customers: Sequence[Customer], payers: Payers, quarrels: Quarrels) -> None:
        self._house = house
        self._customers = customers
        self._payers = payers
        self._quarrels = quarrels
        self._working = WorkCalendar.of("CN")
        self._ships: defaultdict[date, list[Order]] = defaultdict(list)
        self._credits: defaultdict[date, list[tuple[Order, Any]]] = defaultdict(list)
        self._cancels: defaultdict[date, list[tuple[Order, Any]]] = defaultdict(list)
        self._issued = 0

    async def take_orders(self, today: date) -> None:
        """Ask credit about today's orders: the approved ship within days, the others wait for money or are lost."""
        orders = [order for customer in self._customers if (order := self._order(customer, today))]
        answers = await asyncio.gather(*(self._check(order) for order in orders))
        for order, answer in zip(orders, answers, strict=True):
            if answer is None:
                continue
            self._house.tally.done[f"orders: {answer['decision']}"] += 1
            if answer["decision"] == "approve":
                self._ship(order, today, within_days=4)
            elif answer["decision"] == "prepayment" and order.customer.habit != "unwilling":
                amount_minor = parse_amount(answer["prepayment"]["amount"], order.customer.currency)
                self._payers.prepay(order.customer, amount_minor, today=today)
                self._ship(order, today + timedelta(days=5), within_days=2)

    async def issue_documents(self, today: date) -> None:
        """Invoice what ships today, and write today's credit notes and cancellations."""
        await self._invoice(self._ships.pop(today, []), today)
        for order, answer in self._credits.pop(today, []):
            await self._credit(order, answer, today)
        for order, answer in self._cancels.pop(today, []):
            await self._cancel(order, answer)

    def _order(self, customer: Customer, today: date) -> Order | None:
        if not self._working.is_working_day(today):
            return None
        draw = self._house.chance.of("order", customer.number, today)
        if draw.random() >= customer.orders_a_month / _DAYS_A_MONTH:
            return None
        number = f"O-{customer.number.removeprefix('C-')}-{today:%y%m%d}"
        return Order(customer, number, round(customer.order_minor * draw.uniform(0.4, 1.8)))

    async def _check(self, order: Order) -> Any | None:
        call = self._house.dueflow.credit.check_order(
            {
                "customer_number": order.customer.number,
                "order_number": order.number,
                "amount": amount_text(order.total_minor, order.customer),
                "currency": order.customer.currency,
            }
        )
        return await self._house.ask("orders checked", call)

    def _ship(self, order: Order, today: date, *, within_days: int) -> None:
        days = self._house.chance.of("ship", order.number).randrange(within_days)
        self._ships[self._working.next_working_day(today + timedelta(days=days))].append(order)

    async def _invoice(self, orders: list[Order], today: date) -> None:
        if not orders:
            return
        invoices = [self._document(order, today) for order in orders]
        answers = await self._house.dueflow.ledger.issue_invoices(invoices, key=f"invoices-{today}")
        for order, invoice, answer in zip(orders, invoices, self._house.count("invoices issued", answers), strict=True):
            if answer is not None:
                self._follow_up(order, invoice["number"], answer, today)

    def _document(self, order: Order, today: date) -> Invoice:
        self._issued += 1
        customer = order.customer
        invoice: Invoice = {
            "entity": COMPANY["code"],
            "number": f"R-{today:%Y}-{self._issued:05d}",
            "customer_number": customer.number,
            "contract_reference": customer.contract_reference,
            "order_number": order.number,
            "issue_date": today.isoformat(),
            "currency": customer.currency,
            "lines": [{"description": "工业品 Industrial supplies", "amount": amount_text(order.net_minor, customer)}],
            "tax": amount_text(order.tax_minor, customer),
            "total": amount_text(order.total_minor, customer),
        }
        count = self._house.chance.one_of(_INSTALMENT_SHARES, "instalments", order.number)
        if count > 1:
            invoice["instalments"] = _instalments(order, today, count)
        return invoice

    def _follow_up(self, order: Order, number: str, answer: Any, today: date) -> None:
        """Note the new debts, and what chance has in store for this invoice."""
        customer, chance = order.customer, self._house.chance
        debts = [
            Debt(
                customer=customer,
                invoice_id=answer["invoice_id"],
                invoice_number=number,
                ordinal=each["ordinal"],
                due_date=(due_date := date.fromisoformat(each["due_date"])),
                open_minor=parse_amount(each["amount"], customer.currency),
                pay_date=first_pay_date(
                    chance, customer.habit, due_date=due_date, debt=f"{order.number}/{each['ordinal']}"
                ),
            )
            for each in answer["instalments"]
        ]
        for debt in debts:
            self._payers.debts.add(debt)
        if len(debts) == 1 and chance.happens(_CANCELLATION_SHARE, "cancel", order.number):
            self._cancels[today + timedelta(days=1)].append((order, answer | {"number": number}))
        elif len(debts) == 1 and chance.happens(_CREDIT_NOTE_SHARE, "credit note", order.number):
            self._credits[today + timedelta(days=6)].append((order, answer | {"number": number}))
        else:
            self._quarrels.consider(debts[0], today)

    async def _credit(self, order: Order, invoice: Any, today: date) -> None:
        """Take back some of the goods, unless they were paid meanwhile."""
        customer = order.customer
        debt = next(
            (each for each in self._payers.debts.of(customer) if each.invoice_number == invoice["number"]), None
        )
        total_minor = order.total_minor // 10
        if debt is None or debt.willing_minor < total_minor:
            return
        note: CreditNote = {
            "entity": COMPANY["code"],
            "number": f"G-{invoice['number']}",
            "customer_number": customer.number,
            "invoice_number": invoice["number"],
            "issue_date": today.isoformat(),
            "currency": customer.currency,
            "total": amount_text(total_minor, customer),
            "tax": amount_text(order.tax_minor // 10, customer),
            "reason": "goods_returned",
        }
        if await self._house.ask("credit notes", self._house.dueflow.ledger.issue_credit_note(note)):
            debt.open_minor -= total_minor

    async def _cancel(self, order: Order, invoice: Any) -> None:
        call = self._house.dueflow.ledger.cancel_invoice(
            invoice["invoice_id"], number=f"S-{invoice['number']}", reason="wrong_customer"
        )
        if await self._house.ask("invoices cancelled", call):
            self._payers.debts.forget(order.customer, invoice["number"])


def _instalments(order: Order, today: date, count: int) -> list[Instalment]:
    parts = split_by_weight(order.total_minor, _INSTALMENT_WEIGHTS[count])
    return [
        {
            "due_date": (today + timedelta(days=_INSTALMENT_GAP_DAYS * ordinal)).isoformat(),
            "amount": amount_text(minor, order.customer),
        }
        for ordinal, minor in enumerate(parts, 1)
    ]
