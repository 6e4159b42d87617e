"""Brings a service's database to its newest schema, one service at a time even when several replicas start at once."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

_ROOT = Path(__file__).resolve().parent.parent
_MIGRATION_LOCK = 7_301_001


async def migrate(url: str, service: str, *, revision: str = "head") -> None:
    """Upgrade the database at `url` to `revision` of the service's migrations; wait for one that is already running."""
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            await connection.execute(text("SET lock_timeout = '60s'"))
            await connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _MIGRATION_LOCK})
            await connection.commit()
            await connection.run_sync(_upgrade, service, revision)
            await connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _MIGRATION_LOCK})
    finally:
        await engine.dispose()


def configuration(service: str) -> Config:
    """Return Alembic's configuration for one service: one env.py for all, versions of its own."""
    config = Config()
    config.set_main_option("script_location", str(_ROOT / "shared" / "alembic"))
    config.set_main_option("version_locations", str(_ROOT / "services" / service / "migrations" / "versions"))
    config.set_main_option("path_separator", "os")
    return config


def _upgrade(connection: Connection, service: str, revision: str) -> None:
    config = configuration(service)
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
    connection.commit()
