"""What becomes of money that did not stay or did not fit: bounces, refunds, and prepayments used for later invoices."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from dueflow_client.shapes import Designation

from demo.debts import Debts, amount_text
from demo.habits import on_weekday
from demo.house import House
from demo.population import Customer

_BOUNCES_AFTER_DAYS = 3
_PAYS_AGAIN_AFTER_DAYS = 11
_REFUND_AFTER_DAYS = 9


@dataclass(slots=True)
class _Credit:
    customer: Customer
    payment_id: str
    rest_minor: int


class Returns:
    """The afterlife of payments."""

    def __init__(self, house: House, debts: Debts) -> None:
        self._house = house
        self._debts = debts
        self._bounces: defaultdict[date, list[tuple[Customer, Any]]] = defaultdict(list)
        self._refunds: defaultdict[date, list[_Credit]] = defaultdict(list)
        self._prepaid: list[_Credit] = []

    def will_bounce(self, customer: Customer, payment: Any, today: date) -> None:
        """The bank will take this payment back in a few days."""
        self._bounces[on_weekday(today + timedelta(days=_BOUNCES_AFTER_DAYS))].append((customer, payment))

    def left_over(
        self, customer: Customer, payment_id: str, unapplied_minor: int, today: date, *, prepaid: bool
    ) -> None:
        """What was prepaid waits for its invoice; what was paid too much goes back."""
        credit = _Credit(customer, payment_id, unapplied_minor)
        if prepaid:
            self._prepaid.append(credit)
        else:
            self._refunds[on_weekday(today + timedelta(days=_REFUND_AFTER_DAYS))].append(credit)

    async def take_back(self, today: date) -> bool:
        """Book today's bounces; return whether there were any."""
        bounces = self._bounces.pop(today, [])
        for customer, payment in bounces:
            await self._bounce(customer, payment, today)
        return bool(bounces)

    async def book(self, today: date) -> None:
        """Book today's refunds, and use prepayments for what has been invoiced since."""
        for credit in self._refunds.pop(today, []):
            await self._refund(credit, today)
        for credit in self._prepaid:
            await self._use(credit)
        self._prepaid = [credit for credit in self._prepaid if credit.rest_minor]

    async def _bounce(self, customer: Customer, payment: Any, today: date) -> None:
        call = self._house.dueflow.ledger.reverse_payment(
            payment["payment_id"], reason="bounced", reversed_date=today.isoformat()
        )
        if await self._house.ask("payments bounced", call) is None:
            return
        self._debts.restore(customer, payment["allocations"])
        again = on_weekday(today + timedelta(days=_PAYS_AGAIN_AFTER_DAYS))
        bounced = {(each["invoice_number"], each["ordinal"]) for each in payment["allocations"]}
        for debt in self._debts.of(customer):
            if debt.name in bounced:
                debt.pay_date = again

    async def _refund(self, credit: _Credit, today: date) -> None:
        call = self._house.dueflow.ledger.refund_payment(
            credit.payment_id,
            reference=f"Z-{today:%Y%m%d}-{credit.customer.number}",
            amount=amount_text(credit.rest_minor, credit.customer),
            refunded_date=today.isoformat(),
        )
        await self._house.ask("refunds", call)

    async def _use(self, credit: _Credit) -> None:
        designations: list[Designation] = []
        rest_minor = credit.rest_minor
        for debt in self._debts.of(credit.customer):
            minor = min(debt.willing_minor, rest_minor)
            if minor:
                rest_minor -= minor
                designations.append(
                    {
                        "invoice_number": debt.invoice_number,
                        "ordinal": debt.ordinal,
                        "amount": amount_text(minor, credit.customer),
                    }
                )
        if not designations:
            return
        call = self._house.dueflow.ledger.allocate_payment(credit.payment_id, designations)
        if await self._house.ask("prepayments used", call) is not None:
            credit.rest_minor = rest_minor
            self._debts.settle(credit.customer, designations)
