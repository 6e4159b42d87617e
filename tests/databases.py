"""A fresh database per test in a tenth of a second: a copy of one that the real migrations made once per run."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from deploy.local.databases import for_sqlalchemy
from shared.migrate import migrate
from tests.servers import one_worker_at_a_time, run_folder

FreshDatabase = Callable[..., Awaitable[str]]


class RunDatabases:
    """The databases of this run on one server; their owner is an ordinary role, as in production."""

    def __init__(self, server_url: str) -> None:
        self._server_url = server_url
        run = run_folder().name.rpartition("-")[2].lower()
        self._prefix = f"dueflow_test_{run}"

    async def copy_of(self, service: str | None) -> str:
        """The name of a new database: as the service's migrations leave it, or empty for None."""
        return await self.duplicate(await self._migrated(service) if service else "template1")

    async def duplicate(self, template: str) -> str:
        """The name of a new database like `template`, to which nobody may be connected."""
        name = f"{self._prefix}_{secrets.token_hex(6)}"
        await self._admin(f'CREATE DATABASE "{name}" TEMPLATE "{template}" OWNER "{await self._owner()}"')
        return name

    def url(self, name: str) -> str:
        """The SQLAlchemy URL of one of this run's databases, for its owner."""
        server = urlsplit(self._server_url)
        address = server.netloc.rpartition("@")[2]
        netloc = f"{self._prefix}:{self._prefix}@{address}"
        return for_sqlalchemy(urlunsplit(server._replace(netloc=netloc, path=f"/{name}")))

    async def drop(self, name: str) -> None:
        """Drop it, whoever is still connected."""
        await self._admin(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    async def drop_all(self) -> None:
        """Drop every database of this run and the role that owned them."""
        for (name,) in await self._admin(
            "SELECT datname FROM pg_database WHERE starts_with(datname, $1)", self._prefix
        ):
            await self.drop(name)
        await self._admin(f'DROP ROLE IF EXISTS "{self._prefix}"')

    async def _migrated(self, service: str) -> str:
        """The template of a service: made by the first worker that asks, complete when it has its final name."""
        template = f"{self._prefix}_template_{service}"
        with one_worker_at_a_time(template):
            if not await self._exists(template):
                await self._migrate(service, template)
        return template

    async def _migrate(self, service: str, template: str) -> None:
        unfinished = f"{template}_unfinished"
        await self.drop(unfinished)
        await self._admin(f'CREATE DATABASE "{unfinished}" OWNER "{await self._owner()}"')
        await migrate(self.url(unfinished), service)
        await self._admin(f'ALTER DATABASE "{unfinished}" RENAME TO "{template}"')

    async def _exists(self, database: str) -> bool:
        return bool(await self._admin("SELECT true FROM pg_database WHERE datname = $1", database))

    async def _owner(self) -> str:
        with one_worker_at_a_time(self._prefix):
            if not await self._admin("SELECT true FROM pg_roles WHERE rolname = $1", self._prefix):
                await self._admin(f"CREATE ROLE \"{self._prefix}\" LOGIN PASSWORD '{self._prefix}'")
                (run_folder() / "owner").touch()
        return self._prefix

    async def _admin(self, statement: str, *values: str) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self._server_url)
        try:
            rows: list[asyncpg.Record] = await connection.fetch(statement, *values)
            return rows
        finally:
            await connection.close()


@pytest.fixture
async def fresh_database(postgres_server: str) -> AsyncIterator[FreshDatabase]:
    """Makes databases: of a service, as its migrations leave it, or empty; awaits to the SQLAlchemy URL."""
    databases = RunDatabases(postgres_server)
    made: list[str] = []

    async def make(service: str | None = None) -> str:
        made.append(await databases.copy_of(service))
        return databases.url(made[-1])

    yield make
    for name in made:
        await databases.drop(name)


@pytest.hookimpl(tryfirst=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """A server that outlives the run gets its databases and its role taken away."""
    server = os.environ.get("DUEFLOW_POSTGRES_URL")
    if hasattr(config, "workerinput") or not server or not (run_folder() / "owner").exists():
        return
    asyncio.run(RunDatabases(server).drop_all())
