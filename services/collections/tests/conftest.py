"""Fixtures of collections' tests: a migrated database and the reacting side on it."""

from collections.abc import AsyncIterator

import pytest

from services.collections.tests.house import House
from shared.database import open_engine
from tests.databases import FreshDatabase


@pytest.fixture
async def house(fresh_database: FreshDatabase) -> AsyncIterator[House]:
    """Collections on a database as the migrations leave it."""
    engine = open_engine(await fresh_database("collections"), connections=4, application="test")
    yield House(engine)
    await engine.dispose()
