"""Every service's schema goes down as far as its versions lead, and up again, and is what it was (P12)."""

from collections.abc import Sequence
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from shared.database import open_engine
from shared.migrate import configuration, migrate
from tests.databases import FreshDatabase

SERVICES = ("credit", "ledger", "collections", "notifications")
_SCHEMA = text("""
    SELECT 'column', table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns
    WHERE table_schema = 'public'
    UNION ALL SELECT 'index', tablename, indexname, indexdef, NULL, NULL FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid), NULL, NULL
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid), NULL, NULL
    FROM pg_trigger WHERE NOT tgisinternal
    ORDER BY 1, 2, 3
""")


@pytest.mark.parametrize("service", SERVICES)
async def test_p12_the_schema_goes_down_and_up_again(fresh_database: FreshDatabase, service: str) -> None:
    """P12: all columns, indexes, constraints and triggers are as before."""
    url = await fresh_database(service)
    engine = open_engine(url, connections=1, application="migrations")
    try:
        async with engine.connect() as connection:
            before = await connection.run_sync(_schema)
            await connection.run_sync(_down, service)
            await connection.commit()
            assert await connection.run_sync(_schema) != before
            await connection.commit()
        await migrate(url, service)
        async with engine.connect() as connection:
            assert await connection.run_sync(_schema) == before
    finally:
        await engine.dispose()


def _schema(connection: Connection) -> Sequence[tuple[Any, ...]]:
    return [tuple(row) for row in connection.execute(_SCHEMA)]


def _down(connection: Connection, service: str) -> None:
    config = configuration(service)
    config.attributes["connection"] = connection
    command.downgrade(config, _lowest(config))


def _lowest(config: Config) -> str:
    """Return the version below which the first ones lead nowhere: nothing ran on less."""
    for script in ScriptDirectory.from_config(config).walk_revisions():
        if not hasattr(script.module, "downgrade"):
            break
    return script.revision
