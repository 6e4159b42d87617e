"""One recorded company for the proofs that a worker of the test run gets."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.databases import RunDatabases
from tests.proofs.recording import Recording, record
from tests.proofs.town import Town, open_town


@pytest.fixture(scope="package")
def databases(postgres_server: str) -> RunDatabases:
    """Where databases are made and copied."""
    return RunDatabases(postgres_server)


@pytest.fixture(scope="package")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the key of the API is kept."""
    return tmp_path_factory.mktemp("proofs")


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def town(databases: RunDatabases, folder: Path) -> AsyncIterator[Town]:
    """A company that has opened its first day; its tests name customers of their own."""
    async with open_town(databases, folder) as founded:
        yield founded


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def recording(databases: RunDatabases, folder: Path) -> AsyncIterator[Recording]:
    """What six weeks of a company left behind."""
    async with open_town(databases, folder) as recorded_town:
        recorded = await record(recorded_town, databases)
    yield recorded
    for name in recorded.before.values():
        await databases.drop(name)
