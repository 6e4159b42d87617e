"""The simulated year: day by day the company sells, is paid, is not paid, and works on what is overdue."""

from collections.abc import AsyncIterator
from datetime import date, timedelta

from demo.day import turn_to
from demo.fates import Fates
from demo.founding import found
from demo.house import House
from demo.payers import Payers
from demo.population import populate
from demo.quarrels import Quarrels
from demo.sales import Sales
from demo.staff import Staff

CUSTOMERS = 200
FIRST_DAY = date(2025, 1, 1)
YEAR_DAYS = 365


async def live(house: House, *, days: int) -> AsyncIterator[date]:
    """Live `days` days from the first of January, and yield each when all services have ended it.

    Within a day the order is fixed: credit is asked before anything else is recorded, so that its answers depend on the
    days before and on nothing that is still under way.
    """
    customers = populate(house.chance, count=CUSTOMERS)
    quarrels, payers = Quarrels(house), Payers(house, customers)
    sales = Sales(house, customers, payers, quarrels)
    staff, fates = Staff(house, customers, payers.debts), Fates(house, customers, first_day=FIRST_DAY)
    await turn_to(house.dueflow, FIRST_DAY)
    await found(house, customers)
    for today in (FIRST_DAY + timedelta(days=number) for number in range(days)):
        await sales.take_orders(today)
        await fates.strike(today)
        await staff.work(today)
        await sales.issue_documents(today)
        await payers.pay(today)
        await quarrels.settle(today)
        await turn_to(house.dueflow, today + timedelta(days=1))
        yield today
