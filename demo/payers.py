"""The simulated debtors at their banks: each sends what he means to pay today, in part, too much, or ahead."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from dueflow_client.shapes import Designation, Payment

from demo.debts import Debt, Debts, amount_text
from demo.habits import BEHAVIOR, on_weekday
from demo.house import COMPANY, House
from demo.population import Customer
from demo.returns import Returns
from shared.money import parse_amount

_OVERPAID_SHARE = 0.006
_PART_DAYS = (12, 35)


@dataclass(frozen=True, slots=True)
class _Transfer:
    customer: Customer
    parts: list[tuple[Debt, int]]
    surplus_minor: int = 0

    @property
    def total_minor(self) -> int:
        return sum(minor for _, minor in self.parts) + self.surplus_minor


class Payers:
    """The money that comes in."""

    def __init__(self, house: House, customers: Sequence[Customer]) -> None:
        self._house = house
        self._customers = customers
        self.debts = Debts()
        self._returns = Returns(house, self.debts)
        self._ahead: defaultdict[date, list[_Transfer]] = defaultdict(list)

    def prepay(self, customer: Customer, amount_minor: int, *, today: date) -> None:
        """Let the customer send this amount within days, so that his order can ship."""
        days = self._house.chance.of("prepay", customer.number, today).randint(1, 3)
        self._ahead[on_weekday(today + timedelta(days=days))].append(_Transfer(customer, [], amount_minor))

    async def take_back(self, today: date) -> bool:
        """Let today's bounces happen; return whether there were any."""
        return await self._returns.take_back(today)

    async def pay(self, today: date) -> None:
        """Send today's transfers; what goes back today is booked first."""
        await self._returns.book(today)
        ahead = self._ahead.pop(today, [])
        due = [] if on_weekday(today) != today else list(self._due(today))
        transfers = [*ahead, *due]
        if not transfers:
            return
        payments = [self._payment(transfer, today, index) for index, transfer in enumerate(transfers)]
        answers = await self._house.dueflow.ledger.record_payments(payments, key=f"payments-{today}")
        for index, answer in enumerate(self._house.count("payments", answers)):
            if answer is not None:
                self._booked(transfers[index], answer, today, prepaid=index < len(ahead))

    def _due(self, today: date) -> Iterator[_Transfer]:
        """Yield one transfer per customer for all that he means to pay by today."""
        for customer in self._customers:
            due = [each for each in self.debts.of(customer) if each.pay_date and each.pay_date <= today]
            parts = [(debt, minor) for debt in due if (minor := self._part(debt, today))]
            if parts:
                yield _Transfer(customer, parts, self._surplus(customer, today))

    def _part(self, debt: Debt, today: date) -> int:
        """Return what he pays of it today; of the rest he thinks again weeks later."""
        draw = self._house.chance.of("part", debt.name, today)
        if draw.random() >= BEHAVIOR[debt.customer.habit].in_parts_share:
            return debt.willing_minor
        debt.pay_date = on_weekday(today + timedelta(days=draw.randint(*_PART_DAYS)))
        return debt.willing_minor * draw.randint(35, 75) // 100

    def _surplus(self, customer: Customer, today: date) -> int:
        overpays = customer.designates and self._house.chance.happens(
            _OVERPAID_SHARE, "overpaid", customer.number, today
        )
        return customer.delivery_minor // 50 if overpays else 0

    def _payment(self, transfer: _Transfer, today: date, index: int) -> Payment:
        customer = transfer.customer
        payment: Payment = {
            "entity": COMPANY["code"],
            "customer_number": customer.number,
            "source": "bank",
            "reference": f"B-{today:%Y%m%d}-{index:03d}",
            "received_date": today.isoformat(),
            "currency": customer.currency,
            "amount": amount_text(transfer.total_minor, customer),
        }
        if customer.designates and transfer.parts:
            payment["remittance"] = [_designation(debt, minor) for debt, minor in transfer.parts]
        return payment

    def _booked(self, transfer: _Transfer, answer: Any, today: date, *, prepaid: bool) -> None:
        customer = transfer.customer
        self.debts.settle(customer, answer["allocations"])
        unapplied_minor = parse_amount(answer["unapplied"], customer.currency)
        if unapplied_minor:
            self._returns.left_over(customer, answer["payment_id"], unapplied_minor, today, prepaid=prepaid)
        elif self._house.chance.happens(BEHAVIOR[customer.habit].bounce_share, "bounce", customer.number, today):
            self._returns.will_bounce(customer, answer, today)


def _designation(debt: Debt, minor: int) -> Designation:
    return {
        "invoice_number": debt.invoice_number,
        "ordinal": debt.ordinal,
        "amount": amount_text(minor, debt.customer),
    }
