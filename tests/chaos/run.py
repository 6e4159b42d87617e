"""One run of chaos: a house, a company at work in it, a schedule of faults, and what is compared when all is quiet."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from dueflow_client import Dueflow

from tests.chaos.account import Account, differences
from tests.chaos.books import count_effects, read_books
from tests.chaos.breaking import break_house
from tests.chaos.company import Company
from tests.chaos.schedule import Fault, draw_schedule
from tests.faults.house import SERVICES, House, addresses, open_house, told
from tests.faults.more_workers import second_worker
from tests.faults.trade import Trade

Tell = Callable[[str], None]

_CUSTOMERS = 20
_REQUEST_SECONDS = 10
_DRAIN_SECONDS = 300
"""A claim whose holder was killed is given up after ninety seconds, and its day waits for it."""
_HEARD_SECONDS = 60
_PROGRESS_SECONDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What happened, and each thing that differs from what was promised."""

    schedule: tuple[Fault, ...]
    account: Account
    events: Mapping[str, int]
    effects: int
    messages: int
    differences: list[str]


async def run_chaos(folder: Path, *, seed: int, seconds: float, tell: Tell) -> Outcome:
    """Break a new house in `folder` for so many seconds, heal it, and compare."""
    schedule = draw_schedule(seed, seconds=seconds)
    async with AsyncExitStack() as exits:
        house = await exits.enter_async_context(open_house(folder))
        for service in SERVICES:
            await exits.enter_async_context(second_worker(house, service))
        trade = Trade(house.dueflow)
        await trade.open()
        people = await trade.newcomers(_CUSTOMERS, trusted=True)
        # It repeats what it must by itself, and counts it.
        dueflow = await exits.enter_async_context(
            Dueflow(
                addresses(house.stack), key=house.stack.api_key, timeout_seconds=_REQUEST_SECONDS, patience_seconds=0
            )
        )
        company = Company(trade, dueflow, people)
        tell(f"seed {seed}: {len(schedule)} faults in {seconds:g} s")
        late = await _live_through(house, company, schedule, seed=seed, tell=tell)
        return await _compare(house, company, schedule, late)


async def _live_through(
    house: House, company: Company, schedule: tuple[Fault, ...], *, seed: int, tell: Tell
) -> list[str]:
    """Work and break, then heal and drain; return what was not over in time."""
    working = asyncio.create_task(company.work(seed))
    telling = asyncio.create_task(_tell_progress(company, tell))
    try:
        await break_house(house, schedule, tell=tell)
        tell("healing and draining")
        async with asyncio.timeout(_DRAIN_SECONDS):
            await house.heal()
            company.stopping.set()
            await working
            await company.turn()  # whatever is due after the last fault is done as well
    except (TimeoutError, RuntimeError) as error:
        return [f"the house did not come to rest: {str(error) or 'time is over'}"]
    finally:
        for task in (working, telling):
            task.cancel()
        await asyncio.gather(working, telling, return_exceptions=True)
    return []


async def _tell_progress(company: Company, tell: Tell) -> None:
    while True:
        await asyncio.sleep(_PROGRESS_SECONDS)
        account = company.account
        done, again, refused = (each.total() for each in (account.acknowledged, account.repeated, account.refused))
        tell(f"          {company.trade.day}: {done} commands acknowledged, {again} repeated, {refused} refused")


async def _compare(house: House, company: Company, schedule: tuple[Fault, ...], late: list[str]) -> Outcome:
    verdict = await house.verdict(patience_seconds=_HEARD_SECONDS)
    mails = Counter(house.caught_mails())
    return Outcome(
        schedule=schedule,
        account=company.account,
        events=verdict.events,
        effects=await count_effects(house),
        messages=mails.total(),
        differences=[
            *late,
            *(told(each) for each in verdict.findings if not each.holds),
            *differences(company.account, await read_books(house)),
            *(f"mail {message_id} was sent {times} times" for message_id, times in mails.items() if times > 1),
            *(f"{what}, {times} times" for what, times in company.account.failed.items()),
        ],
    )
