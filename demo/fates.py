"""The few things that happen once in the simulated year: a customer becomes insolvent, another is blacklisted."""

from collections.abc import Sequence
from datetime import date, timedelta

from demo.house import House
from demo.population import Customer, Habit
from shared.ids import customer_id_of

_INSOLVENT_AFTER_DAYS = 210
_BLACKLISTED_AFTER_DAYS = 260


class Fates:
    """Who is struck, and when."""

    def __init__(self, house: House, customers: Sequence[Customer], *, first_day: date) -> None:
        self._house = house
        self._insolvent = self._one_of(customers, "troubled")
        self._blacklisted = self._one_of(customers, "unwilling")
        self._insolvent_day = first_day + timedelta(days=_INSOLVENT_AFTER_DAYS)
        self._blacklisted_day = first_day + timedelta(days=_BLACKLISTED_AFTER_DAYS)

    async def strike(self, today: date) -> bool:
        """Tell credit what happened today; return whether anything did."""
        credit = self._house.dueflow.credit
        if today == self._insolvent_day:
            call = credit.record_insolvency(customer_id_of(self._insolvent.number), opened_date=today)
            await self._house.ask("insolvencies", call)
        if today == self._blacklisted_day:
            call = credit.blacklist_customer(customer_id_of(self._blacklisted.number), reason="unwilling_to_pay")
            await self._house.ask("customers blacklisted", call)
        return today in (self._insolvent_day, self._blacklisted_day)

    def _one_of(self, customers: Sequence[Customer], habit: Habit) -> Customer:
        return self._house.chance.of("fate", habit).choice([each for each in customers if each.habit == habit])
