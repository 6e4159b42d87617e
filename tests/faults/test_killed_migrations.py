"""A migration that is killed half-way leaves a whole schema of some version, from which the next one goes on."""

import asyncio
import os
import signal
import sys

import asyncpg
import pytest

from tests.databases import FreshDatabase

pytestmark = [pytest.mark.timeout(300), pytest.mark.slow, pytest.mark.minutes]
_MOMENTS_SECONDS = (0.0, 0.02, 0.05, 0.1, 0.2)
_SCHEMA = """
    SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || coalesce(column_default, '')
    FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT version_num FROM alembic_version ORDER BY 1
"""


@pytest.mark.parametrize("service", ["ledger", "credit"])
async def test_row_49_a_migration_killed_half_way_is_finished_by_the_next(
    fresh_database: FreshDatabase, service: str
) -> None:
    """Faults 2.49: kill -9 at several moments; in the end the schema is that of an undisturbed migration."""
    broken = await fresh_database()
    ends = [await _migrate(broken, service, killed_after_seconds=moment) for moment in _MOMENTS_SECONDS]
    assert -signal.SIGKILL in ends, "it was killed while it worked"
    assert await _migrate(broken, service) == 0
    assert await _schema(broken) == await _schema(await fresh_database(service))


async def _migrate(url: str, service: str, *, killed_after_seconds: float | None = None) -> int:
    """Return the exit status; the time is counted from its first statement in the database."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"services.{service}.main", "migrate", env={**os.environ, "DUEFLOW_DATABASE_URL": url}
    )
    if killed_after_seconds is not None:
        await _until_it_works(url, process)
        await asyncio.sleep(killed_after_seconds)
        if process.returncode is None:
            process.kill()
    return await process.wait()


async def _until_it_works(url: str, process: asyncio.subprocess.Process) -> None:
    connection = await _connect(url)
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    while process.returncode is None and not await connection.fetchval(others):
        await asyncio.sleep(0.01)
    await connection.close()


async def _schema(url: str) -> list[str]:
    connection = await _connect(url)
    rows = await connection.fetch(_SCHEMA)
    await connection.close()
    return [row[0] for row in rows]


async def _connect(url: str) -> asyncpg.Connection:
    return await asyncpg.connect(url.replace("+asyncpg", ""))
