"""Fixtures of credit's tests: a migrated database, an engine on it, and an ERP that calls the API."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.credit.tests.books import TODAY
from services.credit.tests.days import open_day
from services.credit.tests.erp import Erp, replicas
from shared.database import open_engine
from tests.databases import FreshDatabase


@pytest.fixture
async def database(fresh_database: FreshDatabase) -> str:
    """The URL of a database as the migrations leave it."""
    return await fresh_database("credit")


@pytest.fixture
async def engine(database: str) -> AsyncIterator[AsyncEngine]:
    """An engine on the database, where business day 2026-03-02 is open."""
    made = open_engine(database, connections=4, application="test")
    await open_day(made, TODAY)
    yield made
    await made.dispose()


@pytest.fixture
async def erp(database: str, engine: AsyncEngine, tmp_path: Path) -> AsyncIterator[Erp]:
    """An ERP that calls the API."""
    async with replicas(database, tmp_path) as calling:
        yield calling


@pytest.fixture
async def crowd(database: str, engine: AsyncEngine, tmp_path: Path) -> AsyncIterator[Erp]:
    """An ERP that calls two replicas of the API, in turn."""
    async with replicas(database, tmp_path, count=2) as calling:
        yield calling


@pytest.fixture
def without_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Grades are as they are given: no scorecard moves them."""
    monkeypatch.setattr("services.credit.usecases.know_scorecards.house_scorecards", lambda: ())
