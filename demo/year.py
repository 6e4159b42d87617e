"""The simulated year: day by day the company sells, is paid, is not paid, and works on what is overdue."""

from collections.abc import AsyncIterator
from datetime import date, timedelta

from demo.billing import Billing
from demo.fast_clock import FastClock
from demo.fates import Fates
from demo.founding import found
from demo.house import House
from demo.orders import OrderDesk
from demo.payers import Payers
from demo.population import populate
from demo.quarrels import Quarrels
from demo.staff import Staff
from demo.treasury import Treasury

CUSTOMERS = 200
FIRST_DAY = date(2025, 1, 1)
YEAR_DAYS = 365


async def live(house: House, clock: FastClock, *, days: int) -> AsyncIterator[date]:
    """Live `days` days from the first of January, and yield each when all services have ended it.

    Within a day the order is fixed: first what is decided on the days before (credit's answers, the work of the staff),
    then new documents and money. All services hear of the first before that wherever it may matter to the second, so
    that nothing depends on who is faster: the terms of an order that ships at once, a stop of supplies, an approved
    letter that goes before the money comes, a dispute, a fate, another bank account; a promise that a bounce breaks.
    """
    customers = populate(house.chance, count=CUSTOMERS)
    quarrels, payers = Quarrels(house), Payers(house, customers)
    desk, billing = OrderDesk(house, customers, payers), Billing(house, payers, quarrels)
    staff, fates = Staff(house, customers, payers.debts), Fates(house, customers, first_day=FIRST_DAY)
    treasury = Treasury(house, first_day=FIRST_DAY)
    await clock.turn_to(FIRST_DAY)
    await found(house, customers, today=FIRST_DAY)
    for today in (FIRST_DAY + timedelta(days=number) for number in range(days)):
        works = (desk.take_orders, staff.work, quarrels.settle, fates.strike, treasury.work)
        if any([await work(today) for work in works]):
            await clock.until_quiet()
        deliveries = await desk.deliveries(today)
        await billing.issue_documents(deliveries, today)
        if await payers.take_back(today):
            await clock.until_quiet()
        await payers.pay(today)
        await clock.turn_to(today + timedelta(days=1))
        yield today
