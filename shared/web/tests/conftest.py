"""Fixtures of the edge's tests: a database with the tables of the shelf, and processes that work on it."""

from collections.abc import AsyncIterator

import pytest

from shared.web.tests.shelf import Shelf, build, open_shelf
from tests.databases import FreshDatabase


@pytest.fixture
async def database(fresh_database: FreshDatabase) -> str:
    """The URL of an empty database with the shelf's tables."""
    url = await fresh_database()
    await build(url)
    return url


@pytest.fixture
async def shelf(database: str) -> AsyncIterator[Shelf]:
    """One process of the service."""
    made = open_shelf(database)
    yield made
    await made.gatherer.close()
    await made.engine.dispose()
