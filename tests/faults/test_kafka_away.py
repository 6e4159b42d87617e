"""Kafka away, silent, or bouncing: the house waits, says so, goes on by itself, and no process is restarted for it."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import yaml

from shared.messaging.kafka import StreamConsumer
from tests.faults.clerk import Clerk
from tests.faults.house import WORKERS, House
from tests.faults.trade import Trade, goes_on

pytestmark = [
    pytest.mark.asyncio(loop_scope="package"),
    pytest.mark.timeout(600),
    pytest.mark.slow,
]
_ALERTS = Path(__file__).parents[2] / "deploy/prometheus/alerts.yml"
_REBUILT = "dueflow_kafka_clients_rebuilt_total"


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


async def test_rows_05_and_07_kafka_killed_under_load_delays_and_loses_nothing(house: House, trade: Trade) -> None:
    """Rows 5 and 7: the API accepts and stays ready, the age of the outbox tells, and all drains without a restart."""
    await _without_kafka(house, trade, seconds=8, old=4)


@pytest.mark.minutes
async def test_rows_05_and_07_kafka_away_for_more_than_a_minute_wakes_somebody(house: House, trade: Trade) -> None:
    """Rows 5 and 7: as long as the alarm on the outbox's age asks for, at fifty commands a second."""
    [rule] = [rule for rule in _alerts() if "dueflow_outbox_oldest_seconds" in rule["expr"]]
    limit = float(rule["expr"].rpartition(">")[2])
    await _without_kafka(house, trade, seconds=limit, old=limit)


def _alerts() -> list[dict[str, str]]:
    groups = yaml.safe_load(_ALERTS.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


async def _without_kafka(house: House, trade: Trade, *, seconds: float, old: float) -> None:
    """Let fifty commands a second come meanwhile, and wait until the outbox says that it is so `old`."""
    pids = house.pids(WORKERS)
    people = await trade.newcomers(10)
    async with (
        Clerk(house.stack.api_url("ledger"), house.stack.api_key) as clerk,
        _answers_of([f"{house.stack.api_url('ledger')}/readyz"]) as ready,
    ):
        house.kafka.kill()
        await clerk.work(trade, people, per_second=50, seconds=seconds)
        assert {answer.status for answer in clerk.answers.values()} == {201}
        assert {status for status, _ in ready} == {200}
        async with asyncio.timeout(30):
            while await _figure(house, "ledger", "dueflow_outbox_oldest_seconds") <= old:
                await asyncio.sleep(0.2)
        await house.heal()
        await clerk.repeat(trade)
    await house.until(WORKERS, ready=True)
    await goes_on(house, trade)
    assert await _figure(house, "ledger", "dueflow_outbox_oldest_seconds") < seconds
    assert house.pids(WORKERS) == pids


async def _figure(house: House, service: str, name: str) -> float:
    """Return the sum of a figure of a worker, over its labels."""
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        figures = (await client.get(f"{house.stack.worker_url(service)}/metrics")).text
    return sum(float(line.split()[-1]) for line in figures.splitlines() if re.match(rf"{name}[{{ ]", line))


async def test_row_06_a_silent_kafka_is_noticed_and_nobody_hangs(house: House, trade: Trade) -> None:
    """Row 6: our deadlines fire, workers say that they are not ready, keep answering, and build new clients."""
    pids, before = house.pids(WORKERS), await _figure(house, "ledger", _REBUILT)
    async with _answers_of([f"{house.stack.worker_url('ledger')}/livez"]) as alive:
        house.to_kafka.blackhole()
        await trade.issue([trade.bill(each, due_in_days=-2) for each in await trade.newcomers(3)])
        await house.until(WORKERS, ready=False)
        await house.to_kafka.heal()
        await house.until(WORKERS, ready=True)
    assert max(seconds for _, seconds in alive) < 2
    assert await _figure(house, "ledger", _REBUILT) > before
    await goes_on(house, trade)
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
    async with asyncio.timeout(5):
        while _tasks_of_clients():
            await asyncio.sleep(0)


def _tasks_of_clients() -> list[str]:
    tasks = (task.get_coro() for task in asyncio.all_tasks())
    return [str(each) for each in tasks if "aiokafka" in getattr(getattr(each, "cr_code", None), "co_filename", "")]


@pytest.mark.minutes
async def test_rows_08_and_09_a_hundred_bounces_of_the_broker_poison_no_client(house: House, trade: Trade) -> None:
    """Rows 8 and 9: a hundred times the lines are reset, and every tenth time the broker itself is killed."""
    pids = house.pids(WORKERS)
    people = await trade.newcomers(10)
    async with Clerk(house.stack.api_url("ledger"), house.stack.api_key) as clerk:
        working = asyncio.create_task(clerk.work(trade, people, per_second=5, seconds=100))
        for bounce in range(1, 101):
            house.to_kafka.down()
            if bounce % 10 == 0:
                house.kafka.kill()
                await house.heal()
            await asyncio.sleep(0.3)
            await house.to_kafka.heal()
            await asyncio.sleep(0.5)
        await working
        assert {answer.status for answer in clerk.answers.values()} == {201}
        await clerk.repeat(trade)
    await house.until(WORKERS, ready=True)
    await goes_on(house, trade)
    assert house.pids(WORKERS) == pids
