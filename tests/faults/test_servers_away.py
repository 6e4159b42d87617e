"""PostgreSQL away or silent, or any server not there yet: the house waits, says so, and goes on by itself."""

import asyncio
import random
from collections.abc import Collection, Mapping

import httpx
import pytest

from tests.faults.clerk import Clerk
from tests.faults.house import APIS, WORKERS, House
from tests.faults.kafka_behind import KafkaBehindProxy
from tests.faults.postgres_behind import PostgresBehindProxy
from tests.faults.trade import Trade, goes_on

pytestmark = [
    pytest.mark.asyncio(loop_scope="package"),
    pytest.mark.timeout(600),
    pytest.mark.slow,
]


_SERVICES = (*APIS, *WORKERS)


async def test_row_26_postgres_killed_under_load_is_told_and_never_hidden(house: House, trade: Trade) -> None:
    """Row 26: 503 with Retry-After and never a false 201; pools heal without a restart."""
    await _kill_postgres(house, trade, times=1)


@pytest.mark.minutes
async def test_row_26_postgres_killed_every_ten_seconds_is_told_each_time(house: House, trade: Trade) -> None:
    """Row 26: six times in a minute, at twenty-five commands a second."""
    await _kill_postgres(house, trade, times=6)


async def _kill_postgres(house: House, trade: Trade, *, times: int) -> None:
    pids = house.pids(_SERVICES)
    people = await trade.newcomers(10)
    async with Clerk(house.stack.api_url("ledger"), house.stack.api_key) as clerk:
        working = asyncio.create_task(clerk.work(trade, people, per_second=25, seconds=10 * times - 2))
        for _ in range(times):
            await asyncio.sleep(2)
            house.postgres.kill()
            await asyncio.sleep(3)
            await house.heal()
        await working
        assert {answer.status for answer in clerk.answers.values()} == {201, 503}
        assert all(answer.retry_after for answer in clerk.answers.values() if answer.status == 503)
        await clerk.repeat(trade)
    await goes_on(house, trade)
    assert house.pids(_SERVICES) == pids


@pytest.mark.minutes
async def test_row_26_a_silent_postgres_is_told_and_nobody_hangs(house: House, trade: Trade) -> None:
    """Row 26: a database that takes every word and answers none: 503 in the end, and all goes on when it is back."""
    pids = house.pids(_SERVICES)
    people = await trade.newcomers(10)
    async with Clerk(house.stack.api_url("ledger"), house.stack.api_key) as clerk:
        working = asyncio.create_task(clerk.work(trade, people, per_second=10, seconds=4))
        await asyncio.sleep(1)
        house.to_postgres.blackhole()
        await working
        assert 503 in {answer.status for answer in clerk.answers.values()}
        house.to_postgres.reset()  # the lines are dead: what was said on them never arrived
        await house.heal()
        await clerk.repeat(trade)
    await goes_on(house, trade)
    assert house.pids(_SERVICES) == pids


async def test_row_48_services_that_start_first_wait_for_their_servers(house: House, trade: Trade) -> None:
    """Row 48: no database, no Kafka: alive and not ready; each comes in turn, and all connect by themselves."""
    await _start(house, APIS + WORKERS, "postgres", "kafka")
    await goes_on(house, trade)


@pytest.mark.minutes
@pytest.mark.parametrize("seed", range(4))
async def test_row_48_whatever_starts_first_waits_for_the_rest(house: House, trade: Trade, seed: int) -> None:
    """Row 48: processes and servers in an order drawn at random."""
    order = [*_SERVICES, "postgres", "kafka"]
    random.Random(seed).shuffle(order)  # noqa: S311 - a test's dice
    await _start(house, (), *order)
    await goes_on(house, trade)


async def _start(house: House, first: Collection[str], *order: str) -> None:
    """End everything; start the first at once, which must say what they miss, and then the rest in this order."""
    await asyncio.gather(*(process.stop() for process in house.processes(_SERVICES)))
    house.kafka.kill()
    house.postgres.kill()
    for process in house.processes(first):
        process.start()
    if first:
        await _all_say(house, 503)
    servers: Mapping[str, PostgresBehindProxy | KafkaBehindProxy] = {"postgres": house.postgres, "kafka": house.kafka}
    for name in order:
        if name in servers:
            servers[name].launch()
            await asyncio.to_thread(servers[name].wait_ready)
        else:
            house.stack.process(name).start()
        if name == "postgres":
            await house.until([each for each in APIS if house.stack.process(each).pid], ready=True)
    pids = house.pids(_SERVICES)
    await house.heal()
    assert house.pids(_SERVICES) == pids, "nobody gave up"


async def _all_say(house: House, status: int) -> None:
    async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(120):
        for process in house.processes(_SERVICES):
            while await _said(client, f"{process.url}/readyz") != status:
                await asyncio.sleep(0.2)
            assert await _said(client, f"{process.url}/livez") == 200


async def _said(client: httpx.AsyncClient, url: str) -> int:
    try:
        return (await client.get(url, timeout=15)).status_code
    except httpx.TransportError:
        return 0
