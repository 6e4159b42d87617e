"""One house for the fault tests that a worker of the test run gets; each test leaves it whole for the next."""

from collections.abc import AsyncIterator, Generator
from pathlib import Path
from tempfile import mkdtemp

import pytest
import pytest_asyncio

from deploy.local.processes import tail
from tests.faults.house import House, open_house
from tests.faults.trade import Trade
from tests.servers import run_folder


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def running_house() -> AsyncIterator[House]:
    """The house, started when the first test asks for it; an empty one each time, since xdist may ask twice."""
    async with open_house(Path(mkdtemp(prefix="faults-", dir=run_folder()))) as house:
        yield house


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def trade(running_house: House) -> Trade:
    """A company that has opened its first day."""
    trade = Trade(running_house.dueflow)
    await trade.open()
    return trade


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Function) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show with each failure what the processes said last, because their logs end with the house."""
    report = yield
    house = item.funcargs.get("house")
    if report.failed and isinstance(house, House):
        report.sections += [(process.name, tail(process.log, lines=15)) for process in house.stack.processes]
    return report


@pytest_asyncio.fixture(loop_scope="package")
async def house(running_house: House, trade: Trade) -> AsyncIterator[House]:
    """The house for one test, whatever the one before did to it."""
    yield running_house
    await running_house.heal()
