"""The ledger's later migrations go up over what earlier versions wrote, and down again (P7)."""

from alembic import command
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from shared.migrate import configuration, migrate
from tests.databases import FreshDatabase

EARLIER = """
    INSERT INTO entity (entity, name, country, zone, currency, accounts, payee, recorded_at) VALUES ('acme', 'Acme',
        'CN', 'Asia/Shanghai', 'CNY', 'china', '{"name": "Acme", "account": "6222", "bank": "ICBC"}', now());
    INSERT INTO audit_record (partition_no, actor, action, subject, details, effective_date, business_date, recorded_at,
        correlation_id) VALUES (0, 'erp', 'entity_recorded', 'acme', '{}', '2026-01-01', '2026-01-01', now(), 'x')
"""


async def test_what_earlier_versions_wrote_goes_up_and_down_again(fresh_database: FreshDatabase) -> None:
    """L17, L19: an earlier record waits for its seal, and an earlier payee becomes the entity's first account."""
    url = await fresh_database()
    await migrate(url, "ledger", revision="0003")
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.begin() as connection:
        for statement in EARLIER.split(";"):
            await connection.execute(text(statement.replace(": ", "\\: ")))
    for _ in range(2):
        await migrate(url, "ledger")
        async with engine.begin() as connection:
            assert await facts(connection) == [("acme", "6222", "erp", "2026-01-01", 1)]
        async with engine.connect() as connection:
            await connection.run_sync(downgrade)
    await engine.dispose()


async def facts(connection: AsyncConnection) -> list[tuple[str, str, str, str, int]]:
    """The account that came of the payee, and how many records wait."""
    rows = await connection.execute(
        text("""
            SELECT entity, number, proposed_by, CAST(valid_from AS text),
                (SELECT count(*) FROM audit_record WHERE chain_number IS NULL)
            FROM bank_account
        """)
    )
    return [tuple(row) for row in rows]


def downgrade(connection: Connection) -> None:
    """Go back to the version that wrote it."""
    config = configuration("ledger")
    config.attributes["connection"] = connection
    command.downgrade(config, "0003")
    connection.commit()
