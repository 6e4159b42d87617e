"""Servers that fall silent: given up in bounded time, with nothing left behind (faults 2.26, 2.28)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from unittest.mock import AsyncMock
from urllib.parse import urlsplit

import asyncpg
import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.database import open_engine, single_statements
from shared.messaging.outbox import count_appended
from shared.web.outages import is_away, is_lost
from tests.databases import FreshDatabase
from tests.faults.proxy import Proxy

_PATIENCE_SECONDS = 30
_ABSENT = (OSError, DBAPIError)


@dataclass(frozen=True)
class _Site:
    """A pool of two connections that reach their server through a proxy."""

    engine: AsyncEngine
    proxy: Proxy


@pytest.fixture
async def site(fresh_database: FreshDatabase) -> AsyncIterator[_Site]:
    """A pool whose statements may take a second."""
    url = await fresh_database()
    port = urlsplit(url).port or 0
    async with Proxy(port) as proxy:
        through = url.replace(f":{port}/", f":{proxy.port}/")
        engine = open_engine(through, connections=2, application="silence", statement_seconds=1)
        yield _Site(engine, proxy)
        await engine.dispose()


async def _heard(work: Awaitable[None]) -> Exception:
    """Return the error with which `work` ends, which it must do soon."""
    async with asyncio.timeout(_PATIENCE_SECONDS):
        try:
            await work
        except Exception as error:  # noqa: BLE001 - which one it is, is what the caller asks
            return error
    pytest.fail("nothing was said of the silence")


async def _select(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("SELECT 1"))


async def _fall_silent_in(engine: AsyncEngine, proxy: Proxy) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("SELECT 1"))
        proxy.blackhole()
        await connection.execute(text("SELECT 2"))


async def _fall_silent_at_commit(engine: AsyncEngine, proxy: Proxy) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE kept (id int)"))
        proxy.blackhole()


async def test_row_26_a_silent_server_is_given_up_and_the_pool_is_whole(site: _Site) -> None:
    """Faults 2.26: as often as the pool has connections, and more: each is ended, none is kept waiting for."""
    for _ in range(3):
        error = await _heard(_fall_silent_in(site.engine, site.proxy))
        assert is_away(error)
        assert is_lost(error)
        site.proxy.reset()
        await site.proxy.heal()
        async with site.engine.begin() as connection:
            assert (await connection.execute(text("SELECT 3"))).scalar_one() == 3


async def test_row_27_a_silent_commit_is_an_unknown_outcome(site: _Site) -> None:
    """Faults 2.27: nobody may take it for done, nor for undone."""
    assert is_lost(await _heard(_fall_silent_at_commit(site.engine, site.proxy)))


async def test_statements_that_stand_alone_are_given_up_as_well(site: _Site) -> None:
    """Faults 2.26: the relay's and the readers' connections have no transaction that could end them."""
    assert is_lost(await _heard(_fall_silent_in(single_statements(site.engine), site.proxy)))


@pytest.mark.parametrize("answer_bytes", range(0, 3000, 600))
async def test_row_48_a_line_cut_anywhere_in_the_log_in_is_an_absence(site: _Site, answer_bytes: int) -> None:
    """Faults 2.26, 2.48: whatever the driver was about to do, and the next one finds a whole pool."""
    site.proxy.cut_after(answer_bytes)
    with suppress(*_ABSENT):
        await _select(site.engine)
    await _select(site.engine)


async def test_row_26_a_server_gone_right_after_the_log_in_is_an_absence(site: _Site) -> None:
    """Faults 2.26: SQLAlchemy sets up each new connection, and translates no error of the driver's there."""

    def end(connection: Any, _record: object) -> None:
        connection.driver_connection.terminate()

    event.listen(site.engine.sync_engine, "connect", end, insert=True)
    assert is_away(await _heard(_select(site.engine)))


async def test_a_driver_that_lost_its_way_is_an_absence(site: _Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Faults 2.26: killed between two messages, a server leaves the driver in a state of its own."""
    message = "cannot switch to state 12; another operation (2) is in progress"
    with monkeypatch.context() as patched:
        patched.setattr(asyncpg.Connection, "prepare", AsyncMock(side_effect=asyncpg.InternalClientError(message)))
        assert is_lost(await _heard(_select(site.engine)))
    await _select(site.engine)


async def test_a_lost_connection_is_told_and_not_what_it_had_to_publish(site: _Site) -> None:
    """Faults 2.26: the count of events to be published ends with the connection, and hides nothing."""
    count_appended(site.engine, "test")
    site.proxy.cut_after(100_000)

    async def work() -> None:
        async with site.engine.begin() as connection:
            await connection.execute(text("SELECT repeat('x', 200_000)"))

    assert is_lost(await _heard(work()))


async def test_a_slow_line_that_slices_is_no_fault(site: _Site) -> None:
    """Faults 2, harness: late and in pieces is not silent."""
    site.proxy.latency_seconds, site.proxy.piece_bytes = 0.001, 23
    async with site.engine.begin() as connection:
        assert (await connection.execute(text("SELECT repeat('x', 500)"))).scalar_one() == "x" * 500
