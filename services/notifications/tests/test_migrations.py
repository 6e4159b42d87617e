"""The newest schema can be taken back and put on again while nothing needs it yet."""

from alembic import command
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from shared.migrate import configuration
from tests.databases import FreshDatabase

_SHAPE = text(
    """
    SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns
    WHERE table_schema = 'public' ORDER BY 1, 2
    """
)
_INDEXES = text("SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1")


async def test_the_schema_goes_down_and_up_again(fresh_database: FreshDatabase) -> None:
    """Conventions: migrations are run, both ways, and what comes back is what was there."""
    engine = create_async_engine(await fresh_database("notifications"))
    async with engine.connect() as connection:
        before = await connection.run_sync(_shape)
        await connection.run_sync(_move, "0001")
        assert await connection.run_sync(_shape) != before
        await connection.run_sync(_move, "head")
        assert await connection.run_sync(_shape) == before
    await engine.dispose()


def _shape(connection: Connection) -> list[tuple[object, ...]]:
    found = [tuple(row) for statement in (_SHAPE, _INDEXES) for row in connection.execute(statement)]
    connection.commit()
    return found


def _move(connection: Connection, revision: str) -> None:
    config = configuration("notifications")
    config.attributes["connection"] = connection
    (command.upgrade if revision == "head" else command.downgrade)(config, revision)
    connection.commit()
