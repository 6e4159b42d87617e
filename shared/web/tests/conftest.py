"""Fixtures of the edge's tests: the shelf's database, processes that work on it, and a server on a real socket."""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from shared.web.keys import key_entry
from shared.web.serve import server
from shared.web.tests.service import KEYS, SCOPES, bearer, build_service, url_of
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


@pytest.fixture(scope="session")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The keys of a writer, a reader and an administrator."""
    path = tmp_path_factory.mktemp("keys") / "keys.json"
    path.write_text(json.dumps([key_entry(name, KEYS[name], scopes) for name, scopes in SCOPES.items()]))
    return path


@pytest.fixture(scope="session")
def base_url(key_file: Path) -> Iterator[str]:
    """The service on a real socket, in a thread of its own, for all tests that need no database: it has none."""
    shelf = open_shelf("postgresql+asyncpg://nobody@127.0.0.1:9/nothing")
    process = server(build_service(shelf, key_file), host="127.0.0.1", port=0)
    thread = threading.Thread(target=process.run)
    thread.start()
    while not process.started:
        time.sleep(0.01)
    yield url_of(process)
    process.should_exit = True
    thread.join()


@pytest.fixture(scope="session")
def erp(base_url: str) -> Iterator[httpx.Client]:
    """A client with the ERP's key, which may read and write."""
    with httpx.Client(base_url=base_url, headers=bearer("erp"), timeout=60) as client:
        yield client


@pytest.fixture
async def online(shelf: Shelf, key_file: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The service on a real socket with a real database, and a client with the ERP's key."""
    process = server(build_service(shelf, key_file), host="127.0.0.1", port=0)
    task = asyncio.create_task(process.serve())
    while not process.started:
        await asyncio.sleep(0.01)
    async with httpx.AsyncClient(base_url=url_of(process), headers=bearer("erp"), timeout=60) as client:
        yield client
    process.should_exit = True
    await task
