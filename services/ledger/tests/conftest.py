"""Gives the ledger's tests a ledger with one entity, whose first day, 2026-01-01, is open."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.ledger.tests.rest import ENTITY, House, make_house
from tests.databases import FreshDatabase


@pytest.fixture
async def empty_house(fresh_database: FreshDatabase, tmp_path: Path) -> AsyncIterator[House]:
    """A ledger in which nothing has happened."""
    house = make_house(await fresh_database("ledger"), tmp_path)
    yield house
    await house.client.aclose()
    await house.context.wake.close()
    await house.context.engine.dispose()


@pytest.fixture
async def house(empty_house: House) -> House:
    """A ledger with the entity acme, on 2026-01-01."""
    await empty_house.open("2026-01-01")
    await empty_house.done("/entities", ENTITY)
    return empty_house
