"""Fixtures of collections' tests: a migrated database, the reacting side on it, and people at their desks."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.collections.tests.desk import Desk, desk_on
from services.collections.tests.house import House
from shared.database import open_engine
from tests.databases import FreshDatabase


@pytest.fixture
async def database(fresh_database: FreshDatabase) -> str:
    """The URL of a database as the migrations leave it."""
    return await fresh_database("collections")


@pytest.fixture
async def house(database: str) -> AsyncIterator[House]:
    """Collections' reacting side."""
    engine = open_engine(database, connections=4, application="test")
    yield House(engine)
    await engine.dispose()


@pytest.fixture
async def desk(database: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """Collections' API."""
    async with desk_on(database, tmp_path) as calling:
        yield calling
