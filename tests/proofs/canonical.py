"""The canonical dump of a service's database: what it knows and has said, without how it came to be written."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

Dump = Mapping[str, list[str]]

_MACHINERY = ("acknowledged_mark", "alembic_version", "idempotency", "stream_head", "stream_position")
"""How far a service has read and sent, and the answers kept for callers: no facts."""

_TABLES = text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
# Instants are when a machine wrote, and drawn numbers the order in which it did; neither is a fact about anything.
_WRITTEN = text(
    """
    SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' AND (
        data_type = 'timestamp with time zone' OR is_identity = 'YES' OR column_default LIKE 'nextval%'
        OR column_name = 'batch_ordinal'
    )
    """
)
_OUTBOX = text(
    """
    SELECT concat_ws(' ', partition_no, customer_id, wire, event_id, subject, business_date, effective_date,
        causation_id, actor, body) FROM outbox ORDER BY partition_no, id
    """
)


async def dump(connection: AsyncConnection, *, only: Collection[str] = ()) -> Dump:
    """Return the rows of all tables (or of `only` these), sorted; of the outbox in the order of each partition."""
    hidden: dict[str, list[str]] = {}
    for table, column in await connection.execute(_WRITTEN):
        hidden.setdefault(table, []).append(column)
    found: dict[str, list[str]] = {}
    for table in await connection.scalars(_TABLES):
        if table in only or (not only and table not in _MACHINERY):
            found[table] = await _rows(connection, table, hidden.get(table, []))
    return found


async def _rows(connection: AsyncConnection, table: str, hidden: list[str]) -> list[str]:
    if table == "outbox":
        return list(await connection.scalars(_OUTBOX))
    rows: Any = await connection.scalars(
        text(f'SELECT CAST(to_jsonb(t) - CAST(:hidden AS text[]) AS text) FROM "{table}" AS t'), {"hidden": hidden}
    )
    return sorted(rows)


def differences(one: Dump, other: Dump) -> list[str]:
    """Return what only one of two dumps has, or has elsewhere, a line each."""
    lines = []
    for table in sorted(one.keys() | other.keys()):
        mine, theirs = one.get(table, []), other.get(table, [])
        if mine != theirs:
            lines += [f"{table}: {len(mine)} and {len(theirs)} rows"]
            lines += [f"  only here:  {each}" for each in sorted(set(mine) - set(theirs))[:5]]
            lines += [f"  only there: {each}" for each in sorted(set(theirs) - set(mine))[:5]]
    return lines
