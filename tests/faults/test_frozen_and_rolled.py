"""A worker that wakes up late, a rolling restart, a session that forgets its transaction, and a newer schema below."""

import asyncio
import signal
import time

import asyncpg
import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.database import open_engine
from shared.ids import customer_id_of
from tests.faults.clerk import Clerk
from tests.faults.house import APIS, SERVICES, WORKERS, House
from tests.faults.trade import Trade, goes_on

pytestmark = [
    pytest.mark.asyncio(loop_scope="package"),
    pytest.mark.timeout(400),
    pytest.mark.slow,
    pytest.mark.minutes,
]
_GRACE_SECONDS = 20
_FORGOTTEN_SECONDS = 6
_LIMITS = {"lock_timeout": "10s", "statement_timeout": "30s", "idle_in_transaction_session_timeout": "1min"}
_TABLES = """
    SELECT relname FROM pg_class
    WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace
"""


async def test_row_10_a_loop_blocked_longer_than_its_session_goes_on(house: House, trade: Trade) -> None:
    """Faults 2.10: its group gave it up meanwhile; it comes back by itself, and what it reads again has no effect."""
    pids = house.pids(WORKERS)
    trading = asyncio.create_task(trade.run(days=2))
    await asyncio.sleep(1)
    for worker in WORKERS:
        house.send_signal(worker, signal.SIGSTOP)
    await asyncio.sleep(14)
    for worker in WORKERS:
        house.send_signal(worker, signal.SIGCONT)
    await trading
    await goes_on(house, trade)
    assert house.pids(WORKERS) == pids


async def test_row_47_a_rolling_restart_under_load_loses_nothing(house: House, trade: Trade) -> None:
    """Faults 2.47: each process ends with 0 in time; who was not answered asks again and gets the same."""
    people = await trade.newcomers(10)
    async with Clerk(house.stack.api_url("ledger"), house.stack.api_key) as clerk:
        working = asyncio.create_task(clerk.work(trade, people, per_second=10, seconds=25))
        for process in house.processes((*APIS, *WORKERS)):
            began = time.monotonic()
            await process.stop()
            assert time.monotonic() - began < _GRACE_SECONDS, process.name
            assert process.exit_status == 0, process.name
            process.start()
            await process.wait_ready()
        await working
        assert {answer.status for answer in clerk.answers.values()} <= {201, 503, 0}
        await clerk.repeat(trade)
    await goes_on(house, trade)


async def test_row_31_a_forgotten_transaction_holds_up_one_customer_and_ends(house: House, trade: Trade) -> None:
    """Faults 2.31: sessions as services open them have limits; the customer it locked waits, others are served."""
    held, free = await trade.newcomers(2)
    await trade.issue([trade.bill(each, due_in_days=5) for each in (held, free)])
    engine = open_engine(house.stack.database_url("ledger"), connections=1, application="forgetful")
    forgetful = await engine.connect()
    assert [str(await forgetful.scalar(text(f"SHOW {each}"))) for each in _LIMITS] == list(_LIMITS.values())
    await forgetful.execute(text(f"SET idle_in_transaction_session_timeout = '{_FORGOTTEN_SECONDS}s'"))
    await forgetful.execute(
        text("SELECT FROM customer WHERE customer_id = :id FOR UPDATE"), {"id": customer_id_of(held)}
    )
    async with Clerk(house.stack.api_url("ledger"), house.stack.api_key) as clerk:
        began = time.monotonic()
        waiting = asyncio.create_task(clerk.issue(trade.bill(held, due_in_days=5)))
        assert (await clerk.issue(trade.bill(free, due_in_days=5))).status == httpx.codes.CREATED
        assert time.monotonic() - began < _FORGOTTEN_SECONDS
        assert not waiting.done()
        assert (await waiting).status == httpx.codes.CREATED
        await clerk.repeat(trade)
    with pytest.raises(DBAPIError):
        await forgetful.execute(text("SELECT 1"))
    await forgetful.invalidate()
    await forgetful.close()
    await engine.dispose()
    await goes_on(house, trade)


async def test_row_49_services_work_on_a_schema_that_was_widened_below_them(house: House, trade: Trade) -> None:
    """Faults 2.49: expand first: a new column in every table, made while they run, disturbs no statement."""
    trading = asyncio.create_task(trade.run(days=2))
    for service in SERVICES:
        connection = await asyncpg.connect(house.stack.database_url(service).replace("+asyncpg", ""))
        for (table,) in await connection.fetch(_TABLES):
            await connection.execute(f'ALTER TABLE "{table}" ADD COLUMN IF NOT EXISTS of_the_next_version text')
        await connection.close()
    await trading
    await goes_on(house, trade)
