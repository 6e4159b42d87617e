"""The simulated billing office: invoices what ships, takes goods back by credit notes, cancels what was a mistake."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from dueflow_client.shapes import CreditNote, Instalment, Invoice, Terms

from demo.debts import Debt, amount_text
from demo.habits import first_pay_date
from demo.house import COMPANY, House
from demo.orders import Delivery
from demo.payers import Payers
from demo.quarrels import Quarrels
from shared.money import parse_amount, split_by_weight

_INSTALMENT_WEIGHTS = {1: (1,), 2: (1, 1), 3: (3, 4, 3)}
_INSTALMENT_SHARES = {1: 0.72, 2: 0.18, 3: 0.10}
_INSTALMENT_GAP_DAYS = 30
_MONTH_DAYS = 30
_CREDIT_NOTE_SHARE = 0.02
_CANCELLATION_SHARE = 0.006
_CREDITED_AFTER_DAYS = 6
_CANCELED_AFTER_DAYS = 1
_RETURNED_PART = 10


@dataclass(frozen=True, slots=True)
class _Invoiced:
    delivery: Delivery
    invoice_id: str
    number: str


class Billing:
    """The documents that go to customers."""

    def __init__(self, house: House, payers: Payers, quarrels: Quarrels) -> None:
        self._house = house
        self._payers = payers
        self._quarrels = quarrels
        self._credits: defaultdict[date, list[_Invoiced]] = defaultdict(list)
        self._cancels: defaultdict[date, list[_Invoiced]] = defaultdict(list)
        self._issued = 0

    async def issue_documents(self, deliveries: Sequence[Delivery], today: date) -> None:
        """Invoice what ships today, and write today's credit notes and cancellations."""
        await self._invoice(deliveries, today)
        for invoiced in self._credits.pop(today, []):
            await self._credit(invoiced, today)
        for invoiced in self._cancels.pop(today, []):
            await self._cancel(invoiced)

    async def _invoice(self, deliveries: Sequence[Delivery], today: date) -> None:
        if not deliveries:
            return
        invoices = [self._document(delivery, today) for delivery in deliveries]
        results = await self._house.dueflow.ledger.issue_invoices(invoices, key=f"invoices-{today}")
        answers = self._house.count("invoices issued", results)
        for delivery, invoice, answer in zip(deliveries, invoices, answers, strict=True):
            if answer is not None:
                self._follow_up(_Invoiced(delivery, answer["invoice_id"], invoice["number"]), answer, today)

    def _document(self, delivery: Delivery, today: date) -> Invoice:
        self._issued += 1
        customer = delivery.customer
        net = amount_text(delivery.net_minor, customer)
        invoice: Invoice = {
            "entity": COMPANY["code"],
            "number": f"R-{today:%Y}-{self._issued:05d}",
            "customer_number": customer.number,
            "contract_reference": customer.contract_reference,
            "order_number": delivery.order_number,
            "issue_date": today.isoformat(),
            "currency": customer.currency,
            "lines": [{"description": "工业品 Industrial supplies", "amount": net}],
            "tax": amount_text(delivery.tax_minor, customer),
            "total": amount_text(delivery.total_minor, customer),
        }
        count = self._house.chance.one_of(_INSTALMENT_SHARES, "instalments", delivery.name)
        if (shorter := _shorter_terms(delivery)) is not None:
            invoice["terms"] = shorter
        elif count > 1:
            invoice["instalments"] = _instalments(delivery, today, count)
        return invoice

    def _follow_up(self, invoiced: _Invoiced, answer: Any, today: date) -> None:
        """Note the new debts, and what chance has in store for this invoice."""
        debts = [self._debt(invoiced, instalment) for instalment in answer["instalments"]]
        for debt in debts:
            self._payers.debts.add(debt)
        chance, name = self._house.chance, invoiced.delivery.name
        if len(debts) > 1 or not chance.happens(_CANCELLATION_SHARE + _CREDIT_NOTE_SHARE, "correction", name):
            self._quarrels.consider(debts[0], today)
        elif chance.happens(_CANCELLATION_SHARE / (_CANCELLATION_SHARE + _CREDIT_NOTE_SHARE), "cancel", name):
            self._cancels[today + timedelta(days=_CANCELED_AFTER_DAYS)].append(invoiced)
        else:
            self._credits[today + timedelta(days=_CREDITED_AFTER_DAYS)].append(invoiced)

    def _debt(self, invoiced: _Invoiced, instalment: Any) -> Debt:
        customer, ordinal = invoiced.delivery.customer, instalment["ordinal"]
        due_date = date.fromisoformat(instalment["due_date"])
        question = f"{invoiced.delivery.name}/{ordinal}"
        return Debt(
            customer=customer,
            invoice_id=invoiced.invoice_id,
            invoice_number=invoiced.number,
            ordinal=ordinal,
            due_date=due_date,
            open_minor=parse_amount(instalment["amount"], customer.currency),
            pay_date=first_pay_date(self._house.chance, customer.habit, due_date=due_date, debt=question),
        )

    async def _credit(self, invoiced: _Invoiced, today: date) -> None:
        """Take back some of the goods, unless they were paid meanwhile."""
        delivery, customer = invoiced.delivery, invoiced.delivery.customer
        debt = next((each for each in self._payers.debts.of(customer) if each.invoice_number == invoiced.number), None)
        total_minor = delivery.total_minor // _RETURNED_PART
        if debt is None or debt.willing_minor < total_minor:
            return
        note: CreditNote = {
            "entity": COMPANY["code"],
            "number": f"G-{invoiced.number}",
            "customer_number": customer.number,
            "invoice_number": invoiced.number,
            "issue_date": today.isoformat(),
            "currency": customer.currency,
            "total": amount_text(total_minor, customer),
            "tax": amount_text(delivery.tax_minor // _RETURNED_PART, customer),
            "reason": "goods_returned",
        }
        if await self._house.ask("credit notes", self._house.dueflow.ledger.issue_credit_note(note)):
            debt.open_minor -= total_minor

    async def _cancel(self, invoiced: _Invoiced) -> None:
        call = self._house.dueflow.ledger.cancel_invoice(
            invoiced.invoice_id, number=f"S-{invoiced.number}", reason="wrong_customer"
        )
        if await self._house.ask("invoices canceled", call):
            self._payers.debts.forget(invoiced.delivery.customer, invoiced.number)


def _shorter_terms(delivery: Delivery) -> Terms | None:
    """Return the terms that credit gave where they are shorter than the contract's: net days, or about a month."""
    permitted, contract = delivery.terms_days, delivery.customer.terms
    usual = contract["days"] if contract["kind"] == "net" else _MONTH_DAYS
    return {"kind": "net", "days": permitted} if permitted is not None and permitted < usual else None


def _instalments(delivery: Delivery, today: date, count: int) -> list[Instalment]:
    parts = split_by_weight(delivery.total_minor, _INSTALMENT_WEIGHTS[count])
    return [
        {
            "due_date": (today + timedelta(days=_INSTALMENT_GAP_DAYS * ordinal)).isoformat(),
            "amount": amount_text(minor, delivery.customer),
        }
        for ordinal, minor in enumerate(parts, 1)
    ]
