"""Fills tables for the tests of checks: the columns a test names, and some value of its type in every other one."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from checker.as_told import SaidRows, check_rows
from checker.findings import Finding
from checker.snapshot import Snapshot
from checker.telling import Telling
from checker.tests.conftest import OpenDatabase

Rows = list[tuple[str, Mapping[str, Any]]]

_REQUIRED = text("""
    SELECT column_name, udt_name FROM information_schema.columns
    WHERE table_name = :table AND is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO'
""")
_ANY_VALUE = {
    "uuid": "gen_random_uuid()",
    "date": "DATE '2025-01-01'",
    "timestamptz": "now()",
    "jsonb": "CAST('{}' AS jsonb)",
    "bytea": "CAST('' AS bytea)",
    "bool": "false",
    "text": "'x'",
    "bpchar": "'x'",
    "_text": "CAST('{}' AS text[])",
}
_DROP_GUARDS = text("""
    DO $$ DECLARE command text; BEGIN
        FOR command IN
            SELECT format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I CASCADE', conrelid::regclass, conname)
            FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'f', 'u', 'p')
            UNION ALL
            SELECT format('DROP INDEX %s', indexrelid::regclass) FROM pg_index JOIN pg_class AS c ON c.oid = indexrelid
            WHERE indisunique AND c.relnamespace = 'public'::regnamespace
              AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
            UNION ALL
            SELECT format('ALTER TABLE %s DISABLE TRIGGER USER', oid::regclass) FROM pg_class
            WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
        LOOP
            EXECUTE command;
        END LOOP;
    END $$
""")


async def seed(connection: AsyncConnection, rows: Rows) -> None:
    """Insert these rows in their order."""
    for table, values in rows:
        required = {row.column_name: row.udt_name for row in await connection.execute(_REQUIRED, {"table": table})}
        filled = {name: _ANY_VALUE.get(kind, "0") for name, kind in required.items() if name not in values}
        given = {name: _literal(value) for name, value in values.items()}
        every = {**filled, **given}
        await connection.execute(text(f"INSERT INTO {table} ({', '.join(every)}) VALUES ({', '.join(every.values())})"))


async def drop_guards(connection: AsyncConnection) -> None:
    """Take away every constraint and trigger, so that a test can do what the schema forbids."""
    await connection.execute(_DROP_GUARDS)


async def check(
    open_database: OpenDatabase, rows: SaidRows, kept: Mapping[str, Any] | None, telling: Telling
) -> tuple[str, ...]:
    """Return how a table with this row, or with none, differs from what was told."""
    async with open_database(rows.service) as connection:
        await drop_guards(connection)
        await seed(connection, [(rows.table, kept)] if kept is not None else [])
        found: Finding = await check_rows(rows, Snapshot(rows.service, connection), telling)
    assert found.wrong == len(found.differences)
    return tuple(found.differences)


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    return (
        str(value) if isinstance(value, int | bool) else "'" + str(value).replace("'", "''").replace(":", "\\:") + "'"
    )
