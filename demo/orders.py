"""The simulated order desk: takes orders, asks credit before anything ships, and delivers in up to three parts."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from demo.debts import amount_text
from demo.house import House
from demo.payers import Payers
from demo.population import Customer
from shared.calendars import WorkCalendar
from shared.money import parse_amount

_TAX_PCT = 13
_DAYS_A_MONTH = 21
_DELIVERY_SHARES = {1: 0.45, 2: 0.35, 3: 0.20}
_DELIVERY_GAP_DAYS = 6
_PREPAID_SHIPS_AFTER_DAYS = 5


@dataclass(frozen=True, slots=True)
class Delivery:
    """A part of an order that ships at once and becomes one invoice; credit permits it `terms_days` at most."""

    customer: Customer
    order_number: str
    ordinal: int
    net_minor: int
    terms_days: int | None = None

    @property
    def name(self) -> str:
        """Return what tells it apart from all others."""
        return f"{self.order_number}/{self.ordinal}"

    @property
    def tax_minor(self) -> int:
        """Return the value-added tax, the same on everything."""
        return self.net_minor * _TAX_PCT // 100

    @property
    def total_minor(self) -> int:
        """Return what the customer will owe."""
        return self.net_minor + self.tax_minor


@dataclass(frozen=True, slots=True)
class Order:
    """What a customer would like on credit."""

    customer: Customer
    number: str
    deliveries: Sequence[Delivery]

    @property
    def total_minor(self) -> int:
        """Return what credit is asked about."""
        return sum(delivery.total_minor for delivery in self.deliveries)


class OrderDesk:
    """Orders from the first question to the last delivery."""

    def __init__(self, house: House, customers: Sequence[Customer], payers: Payers) -> None:
        self._house = house
        self._customers = customers
        self._payers = payers
        self._working = WorkCalendar.of("CN")
        self._ships: defaultdict[date, list[Delivery]] = defaultdict(list)

    async def take_orders(self, today: date) -> bool:
        """Ask credit about today's orders: the approved ship within days, the others wait for money or are lost.

        Returns whether any ships today, so that its invoice comes right behind it.
        """
        waiting = len(self._ships[today])
        orders = [order for customer in self._customers if (order := self._order(customer, today))]
        # One after the other: what is approved counts in the shares and limits that the next one is measured by.
        answers = [await self._check(order) for order in orders]
        for order, answer in zip(orders, answers, strict=True):
            if answer is None:
                continue
            self._house.tally.done[f"orders: {answer['decision']}"] += 1
            if answer["decision"] == "approve":
                self._ship(order, today, terms_days=answer["terms_days"])
            elif answer["decision"] == "prepayment" and order.customer.habit != "unwilling":
                amount_minor = parse_amount(answer["prepayment"]["amount"], order.customer.currency)
                self._payers.prepay(order.customer, amount_minor, today=today)
                ships = today + timedelta(days=_PREPAID_SHIPS_AFTER_DAYS)
                self._ship(order, ships, terms_days=answer["terms_days"])
        return len(self._ships[today]) > waiting

    async def deliveries(self, today: date) -> list[Delivery]:
        """Return what ships today; it is asked once. What credit holds back waits for the next working day."""
        due = self._ships.pop(today, [])
        held = (
            {hold["customer_number"] async for hold in self._house.dueflow.credit.holds(open="true")} if due else set()
        )
        stopped = [each for each in due if each.customer.number in held]
        self._house.tally.done["deliveries held back"] += len(stopped)
        if stopped:
            self._ships[self._working.next_working_day(today + timedelta(days=1))] += stopped
        return [each for each in due if each.customer.number not in held]

    def _order(self, customer: Customer, today: date) -> Order | None:
        if not self._working.is_working_day(today):
            return None
        chance = self._house.chance
        draw = chance.of("order", customer.number, today)
        if draw.random() >= customer.orders_a_month / _DAYS_A_MONTH:
            return None
        number = f"O-{customer.number.removeprefix('C-')}-{today:%y%m%d}"
        count = chance.one_of(_DELIVERY_SHARES, "deliveries", number)
        nets = [round(customer.delivery_minor * draw.uniform(0.4, 1.8)) for _ in range(count)]
        return Order(customer, number, [Delivery(customer, number, *each) for each in enumerate(nets, 1)])

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

    def _ship(self, order: Order, earliest: date, *, terms_days: int | None) -> None:
        day = earliest
        for delivery in order.deliveries:
            days = self._house.chance.of("ship", delivery.name).randrange(_DELIVERY_GAP_DAYS)
            day = self._working.next_working_day(day + timedelta(days=days))
            self._ships[day].append(replace(delivery, terms_days=terms_days))
