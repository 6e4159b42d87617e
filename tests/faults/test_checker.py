"""P11: the checker as a service on a living system: quiet under load, awake to one edited row, calm when blind."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import asyncpg
import httpx
import pytest
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families

from deploy.local.processes import tail
from deploy.local.supervised import Supervised
from tests.faults.house import House
from tests.faults.trade import Trade

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(600), pytest.mark.slow]

_OFTEN = {"DUEFLOW_CHECK_EVERY_SECONDS": "0.5"}
_ANSWER_SECONDS = 30
_ROUNDS = 4
_ENDED = "dueflow_check_ended_timestamp_seconds"
Figures = Mapping[tuple[str, str], float]


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def checker(running_house: House, trade: Trade) -> AsyncIterator[Supervised]:
    """The checker, which looks at the databases all the time and at all topics once."""
    stack = running_house.stack
    await stack.start_checker(environment=_OFTEN)
    process = stack.process("checker")
    yield process
    await process.stop()
    stack.processes.remove(process)


async def _figures(checker: Supervised) -> Figures:
    """Return by figure and label what the checker shows."""
    async with httpx.AsyncClient(trust_env=False, timeout=_ANSWER_SECONDS) as client:
        page = (await client.get(f"{checker.url}/metrics")).text
    return {
        (sample.name, "".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.name.startswith("dueflow_check_")
    }


async def _until(checker: Supervised, seen: Callable[[Figures], bool]) -> Figures:
    """Return the first figures in which this is seen."""
    async with asyncio.timeout(120):
        while not seen(figures := await _figures(checker)):
            await asyncio.sleep(0.1)
    return figures


async def _edit(house: House, statement: str) -> None:
    connection = await asyncpg.connect(house.stack.database_url("collections").replace("+asyncpg", ""))
    await connection.execute(statement)
    await connection.close()


def _differing(figures: Figures) -> dict[str, float]:
    return {label: value for (name, label), value in figures.items() if name == "dueflow_check_differences" and value}


async def test_nothing_differs_while_the_house_works(house: House, trade: Trade, checker: Supervised) -> None:
    """P11: at a common position, without stopping anything, round after round."""
    rounds: set[float] = set()
    figures: Figures = {}
    seen_enough = asyncio.Event()
    async with asyncio.timeout(400), asyncio.TaskGroup() as group:
        group.create_task(_work(trade, until=seen_enough))
        while len(rounds) < _ROUNDS or (_ENDED, "everything") not in figures:
            figures = await _figures(checker)
            assert not _differing(figures), tail(checker.log)
            rounds |= {at for (name, scope), at in figures.items() if (name, scope) == (_ENDED, "databases")}
            await asyncio.sleep(0.1)
        seen_enough.set()
    assert figures["dueflow_check_compared", "collections-open"] > 0


async def _work(trade: Trade, *, until: asyncio.Event) -> None:
    while not until.is_set():
        await trade.run(days=1)


async def test_a_row_edited_by_hand_is_told_until_it_is_as_it_was(
    house: House, trade: Trade, checker: Supervised
) -> None:
    """P11, invariant 5: by a figure that wakes somebody, and by one line that names the row."""
    await trade.run(days=1)
    await _edit(house, "UPDATE receivable SET open_minor = open_minor + 1 WHERE open_minor > 0")
    figures = await _until(checker, lambda seen: seen["dueflow_check_differences", "collections-open"] > 0)
    assert _differing(figures).keys() <= {"collections-open"}
    assert "check.differs" in tail(checker.log)
    await _edit(house, "UPDATE receivable SET open_minor = open_minor - 1 WHERE open_minor > 0")
    await _until(checker, lambda seen: not _differing(seen))


async def test_a_database_that_is_away_is_no_difference(house: House, trade: Trade, checker: Supervised) -> None:
    """P11: it says that it cannot look, and how old its figures are; then it goes on by itself."""
    await _until(checker, lambda seen: seen.get(("dueflow_check_able", "databases")) == 1)
    house.postgres.kill()
    blind = await _until(checker, lambda seen: seen["dueflow_check_able", "databases"] == 0)
    assert not _differing(blind)
    async with httpx.AsyncClient(trust_env=False, timeout=_ANSWER_SECONDS) as client:
        assert (await client.get(f"{checker.url}/readyz")).status_code == 503
        assert (await client.get(f"{checker.url}/livez")).status_code == 200
    await house.heal()
    seen = await _until(checker, lambda seen: seen["dueflow_check_able", "databases"] == 1)
    assert not _differing(seen)
    assert checker.restarts == 0
