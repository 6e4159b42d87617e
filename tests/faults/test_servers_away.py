"""Kafka or PostgreSQL away, silent, killed, or not there yet: the house waits, says so, and goes on by itself."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from shared.messaging.kafka import StreamConsumer
from tests.faults.clerk import Clerk
from tests.faults.house import APIS, WORKERS, House
from tests.faults.trade import Trade

pytestmark = [
    pytest.mark.asyncio(loop_scope="package"),
    pytest.mark.timeout(300),
    pytest.mark.slow,
]


_SERVICES = (*APIS, *WORKERS)


@asynccontextmanager
async def _answers_of(urls: list[str]) -> AsyncIterator[list[tuple[int, float]]]:
    """Ask all of these all the time while the block lasts; gives status and seconds of each answer."""
    heard: list[tuple[int, float]] = []

    async def ask(client: httpx.AsyncClient, url: str) -> None:
        while True:
            asked_at = time.monotonic()
            response = await client.get(url)
            heard.append((response.status_code, time.monotonic() - asked_at))
            await asyncio.sleep(0.2)

    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        asking = [asyncio.create_task(ask(client, url)) for url in urls]
        try:
            yield heard
        finally:
            for task in asking:
                task.cancel()
            ended = await asyncio.gather(*asking, return_exceptions=True)
    assert all(isinstance(each, asyncio.CancelledError) for each in ended), ended


async def _check(house: House, trade: Trade) -> None:
    await trade.run(days=1)
    await house.check()
    await trade.kept(house.stack.database_url("ledger"))


async def test_rows_05_and_07_kafka_killed_under_load_delays_and_loses_nothing(house: House, trade: Trade) -> None:
    """Rows 5 and 7: the API accepts and stays ready, the age of the outbox tells, and all drains without a restart."""
    pids = house.pids(WORKERS)
    people = await trade.newcomers(10)
    async with (
        Clerk(house.stack.api_url("ledger"), house.stack.api_key) as clerk,
        _answers_of([f"{house.stack.api_url('ledger')}/readyz"]) as ready,
    ):
        house.kafka.kill()
        await clerk.work(trade, people, per_second=50, seconds=20)
        assert {answer.status for answer in clerk.answers.values()} == {201}
        assert {status for status, _ in ready} == {200}
        assert await _outbox_age(house) > 10
        await house.heal()
        await clerk.repeat(trade)
    await house.until(WORKERS, ready=True)
    await _check(house, trade)
    assert house.pids(WORKERS) == pids


async def _outbox_age(house: House) -> float:
    async with httpx.AsyncClient(trust_env=False) as client:
        figures = (await client.get(f"{house.stack.worker_url('ledger')}/metrics")).text
    [line] = [each for each in figures.splitlines() if each.startswith("dueflow_outbox_oldest_seconds{")]
    return float(line.split()[-1])


async def test_row_06_a_silent_kafka_is_noticed_and_nobody_hangs(house: House, trade: Trade) -> None:
    """Row 6: our deadlines fire, workers say that they are not ready, keep answering, and build new clients."""
    pids = house.pids(WORKERS)
    async with _answers_of([f"{house.stack.worker_url('ledger')}/livez"]) as alive:
        house.to_kafka.blackhole()
        await trade.issue([trade.bill(each, due_in_days=-2) for each in await trade.newcomers(3)])
        await house.until(WORKERS, ready=False)
        await house.to_kafka.heal()
        await house.until(WORKERS, ready=True)
    assert max(seconds for _, seconds in alive) < 2
    await _check(house, trade)
    assert house.pids(WORKERS) == pids


async def test_row_06_a_client_dropped_from_a_silent_kafka_leaves_nothing_running(house: House) -> None:
    """Row 6: rebuilding a client again and again must cost nothing that stays."""
    consumer = StreamConsumer(house.stack.bootstrap, topics=[f"{house.stack.topic_prefix}ledger"], group="probe")
    await consumer.start()
    while not consumer.assigned():
        await consumer.fetch(seconds=0.1)
    assert _tasks_of_clients()
    house.to_kafka.blackhole()
    await consumer.drop()
    await asyncio.sleep(0)
    assert not _tasks_of_clients()


def _tasks_of_clients() -> list[str]:
    tasks = (task.get_coro() for task in asyncio.all_tasks())
    return [str(each) for each in tasks if "aiokafka" in getattr(getattr(each, "cr_code", None), "co_filename", "")]


async def test_row_26_postgres_killed_under_load_is_told_and_never_hidden(house: House, trade: Trade) -> None:
    """Row 26: 503 with Retry-After and never a false 201; pools heal without a restart."""
    pids = house.pids(_SERVICES)
    people = await trade.newcomers(10)
    async with Clerk(house.stack.api_url("ledger"), house.stack.api_key) as clerk:
        working = asyncio.create_task(clerk.work(trade, people, per_second=25, seconds=8))
        await asyncio.sleep(2)
        house.postgres.kill()
        await asyncio.sleep(3)
        await house.heal()
        await working
        assert {answer.status for answer in clerk.answers.values()} == {201, 503}
        assert all(answer.retry_after for answer in clerk.answers.values() if answer.status == 503)
        await clerk.repeat(trade)
    await _check(house, trade)
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
    await _check(house, trade)
    assert house.pids(_SERVICES) == pids


async def test_row_48_services_that_start_first_wait_for_their_servers(house: House, trade: Trade) -> None:
    """Row 48: no database, no Kafka: alive and not ready; each comes in turn, and all connect by themselves."""
    services = house.processes(_SERVICES)
    await asyncio.gather(*(process.stop() for process in services))
    house.kafka.kill()
    house.postgres.kill()
    for process in services:
        process.start()
    pids = house.pids(_SERVICES)
    await _all_say(house, 503)
    house.postgres.launch()
    await house.until(APIS, ready=True)
    await house.heal()
    assert house.pids(_SERVICES) == pids
    await _check(house, trade)


async def _all_say(house: House, status: int) -> None:
    async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(60):
        for process in house.processes(_SERVICES):
            while await _said(client, f"{process.url}/readyz") != status:
                await asyncio.sleep(0.2)
            assert await _said(client, f"{process.url}/livez") == 200


async def _said(client: httpx.AsyncClient, url: str) -> int:
    try:
        return (await client.get(url, timeout=15)).status_code
    except httpx.TransportError:
        return 0
