"""Databases of the services for the tests of checks, each opened by its owner."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from tests.databases import FreshDatabase

OpenDatabase = Callable[[str], AbstractAsyncContextManager[AsyncConnection]]


@pytest.fixture
def open_database(fresh_database: FreshDatabase) -> OpenDatabase:
    """Open a fresh database of a service; what is done in it stays in one transaction that is never committed."""

    @asynccontextmanager
    async def opened(service: str) -> AsyncIterator[AsyncConnection]:
        engine = create_async_engine(await fresh_database(service), poolclass=NullPool)
        async with engine.connect() as connection:
            yield connection
        await engine.dispose()

    return opened
