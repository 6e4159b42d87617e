"""The schema goes down to what it was and up again, with what is in it."""

from alembic import command
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.credit.tests.days import rows
from services.credit.tests.erp import Erp
from shared.migrate import configuration, migrate


async def test_the_schema_goes_down_and_up_again(erp: Erp, engine: AsyncEngine, database: str) -> None:
    """C1, C3: customers of the first schema keep their grades, as given by hand, and are reviewed."""
    await erp.customer("K1", grade="B", industry="trade")
    async with engine.begin() as connection:
        await connection.run_sync(_down)
    assert await rows(engine, "SELECT grade, next_date FROM profile JOIN customer USING (customer_id)") == [("B", None)]
    await migrate(database, "credit")
    assert await rows(engine, "SELECT own, basis FROM grading") == [("B", "by_hand")]
    assert await rows(engine, "SELECT kind FROM timer") == [("review",)]
    fields = await rows(engine, "SELECT field FROM profile_item ORDER BY field")
    assert fields == [("country",), ("industry",), ("kind",), ("name",)]


def _down(connection: Connection) -> None:
    config = configuration("credit")
    config.attributes["connection"] = connection
    connection.execute(text("SET lock_timeout = '10s'"))
    command.downgrade(config, "0001")
