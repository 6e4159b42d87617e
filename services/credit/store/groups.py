"""Loads, locks and saves groups of customers: their limits, and what all members owe together."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.domain.exposure import Part
from shared.messaging.customers import lock_customers
from shared.money import Money
from shared.rows import Rows, insert_missing, upsert_rows

_GROUP = Rows.of("customer_group", key=("group_code",), group_code="text", limit_minor="bigint", limit_currency="text")
_CODE = Rows.of("customer_group", key=("group_code",), group_code="text")
_GROUPS_OF = text(
    "SELECT customer_id, group_code FROM profile "
    "WHERE customer_id = ANY(CAST(:ids AS uuid[])) AND group_code IS NOT NULL"
)
_LOCK = text("""
    SELECT group_code FROM customer_group WHERE group_code = ANY(CAST(:codes AS text[]))
    ORDER BY group_code FOR NO KEY UPDATE SKIP LOCKED
""")
_LIMITS = text(
    "SELECT group_code, limit_minor, limit_currency FROM customer_group WHERE group_code = ANY(CAST(:codes AS text[]))"
)
_LOCK_ALL = text(
    "SELECT FROM customer_group WHERE group_code = ANY(CAST(:codes AS text[])) ORDER BY group_code FOR NO KEY UPDATE"
)
_PARTS = text("""
    SELECT p.group_code, e.currency, CAST(sum(e.open_minor) AS bigint) AS open_minor,
           CAST(sum(e.reserved_minor) AS bigint) AS reserved_minor,
           CAST(sum(e.unapplied_minor) AS bigint) AS unapplied_minor
    FROM profile AS p JOIN exposure_part AS e USING (customer_id)
    WHERE e.customer_id = ANY(ARRAY(SELECT customer_id FROM profile WHERE group_code = ANY(CAST(:codes AS text[]))))
    GROUP BY p.group_code, e.currency
""")


@dataclass(slots=True)
class Group:
    """A group with its limit, if it has one, and what its members owe together by currency."""

    code: str
    limit: Money | None
    parts: dict[str, Part] = field(default_factory=dict)


async def lock_blocks(connection: AsyncConnection, customer_ids: Collection[UUID], *, partitions: int) -> set[UUID]:
    """Lock these customers and, before them, their groups; return those whose locks were all free.

    A customer who moved to another group in between is left out, and comes with the next batch.
    """
    before = await _groups_of(connection, customer_ids)
    held = await _lock_free(connection, set(before.values()))
    ready = [each for each in customer_ids if each not in before or before[each] in held]
    locked = await lock_customers(connection, ready, partitions=partitions, skip_locked=True)
    after = await _groups_of(connection, locked)
    return {each for each in locked if each not in after or after[each] in held}


async def _groups_of(connection: AsyncConnection, customer_ids: Collection[UUID]) -> dict[UUID, str]:
    rows = await connection.execute(_GROUPS_OF, {"ids": sorted(customer_ids)})
    return {row.customer_id: row.group_code for row in rows}


async def _lock_free(connection: AsyncConnection, codes: set[str]) -> set[str]:
    if not codes:
        return set()
    return set((await connection.execute(_LOCK, {"codes": sorted(codes)})).scalars())


async def load_groups(connection: AsyncConnection, codes: Collection[str]) -> dict[str, Group]:
    """Return groups with their limits and the exposure of all their members."""
    if not codes:
        return {}
    parameters = {"codes": sorted(codes)}
    groups = {
        row.group_code: Group(
            row.group_code, Money(row.limit_minor, row.limit_currency) if row.limit_currency else None
        )
        for row in await connection.execute(_LIMITS, parameters)
    }
    for row in await connection.execute(_PARTS, parameters):
        groups[row.group_code].parts[row.currency] = Part(
            open_minor=row.open_minor, reserved_minor=row.reserved_minor, unapplied_minor=row.unapplied_minor
        )
    return groups


async def ensure_groups(connection: AsyncConnection, codes: Iterable[str]) -> None:
    """Insert the groups that nobody has named before, without a limit."""
    await insert_missing(connection, _CODE, [{"group_code": code} for code in set(codes)])


async def lock_groups(connection: AsyncConnection, codes: Collection[str]) -> None:
    """Insert missing groups, and lock all of them in order of code."""
    await ensure_groups(connection, codes)
    await connection.execute(_LOCK_ALL, {"codes": sorted(codes)})


async def save_limits(connection: AsyncConnection, limits: dict[str, Money]) -> None:
    """Set the limits of groups."""
    rows: list[dict[str, Any]] = [
        {"group_code": code, "limit_minor": limit.minor, "limit_currency": limit.currency}
        for code, limit in limits.items()
    ]
    await upsert_rows(connection, _GROUP, rows)
