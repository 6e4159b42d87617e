"""Keeps from where and when each item of a profile was last confirmed, and lists those that have grown stale."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.web.cursor import Position

_CONFIRM = text("""
    INSERT INTO profile_item AS known (customer_id, field, source, confirmed_date)
    SELECT * FROM unnest(
        CAST(:customer_id AS uuid[]), CAST(:field AS text[]), CAST(:source AS text[]), CAST(:confirmed_date AS date[])
    )
    ON CONFLICT (customer_id, field) DO UPDATE SET source = excluded.source, confirmed_date = excluded.confirmed_date
    WHERE excluded.confirmed_date >= known.confirmed_date
""")
_DATES = text(
    "SELECT customer_id, field, confirmed_date FROM profile_item WHERE customer_id = ANY(CAST(:ids AS uuid[]))"
)
_OF_CUSTOMER = text("SELECT field, source, confirmed_date FROM profile_item WHERE customer_id = :customer_id")
_STALE = text("""
    SELECT p.customer_id, p.customer_number, a.field, i.source, i.confirmed_date,
           i.confirmed_date + a.days AS stale_date
    FROM profile AS p
    CROSS JOIN unnest(CAST(:fields AS text[]), CAST(:days AS integer[])) AS a(field, days)
    LEFT JOIN profile_item AS i ON i.customer_id = p.customer_id AND i.field = a.field
    WHERE (i.confirmed_date IS NULL OR i.confirmed_date + a.days < :as_of)
      AND (CAST(:customer_id AS uuid) IS NULL OR p.customer_id = :customer_id)
      AND (CAST(:after_number AS text) IS NULL
           OR (p.customer_number, a.field) > (CAST(:after_number AS text), CAST(:after_field AS text)))
    ORDER BY p.customer_number, a.field LIMIT :rows
""")


@dataclass(frozen=True, slots=True)
class Item:
    """A field of a profile, confirmed by a source on a date."""

    customer_id: UUID
    field: str
    source: str
    confirmed_date: date


async def confirm_items(connection: AsyncConnection, items: Iterable[Item]) -> None:
    """Keep the latest confirmation of each item."""
    latest = {(each.customer_id, each.field): each for each in sorted(items, key=lambda each: each.confirmed_date)}
    rows = [latest[key] for key in sorted(latest)]
    if rows:
        columns = ("customer_id", "field", "source", "confirmed_date")
        await connection.execute(_CONFIRM, {name: [getattr(each, name) for each in rows] for name in columns})


async def confirmed_dates(connection: AsyncConnection, customer_ids: Iterable[UUID]) -> dict[UUID, dict[str, date]]:
    """Return when each item of these customers was last confirmed, by field."""
    found: dict[UUID, dict[str, date]] = {each: {} for each in customer_ids}
    for row in await connection.execute(_DATES, {"ids": sorted(found)}):
        found[row.customer_id][row.field] = row.confirmed_date
    return found


async def load_items(connection: AsyncConnection, customer_id: UUID) -> dict[str, Item]:
    """Return what was ever confirmed of a customer, by field."""
    rows = await connection.execute(_OF_CUSTOMER, {"customer_id": customer_id})
    return {row.field: Item(customer_id, row.field, row.source, row.confirmed_date) for row in rows}


async def list_stale(
    connection: AsyncConnection,
    *,
    ages: Mapping[str, int],
    as_of: date,
    customer_id: UUID | None,
    after: Position | None,
    rows: int,
) -> list[Row[Any]]:
    """Return up to `rows` items that are older than their age in days, or were never known, behind `after`."""
    parameters = {
        "fields": list(ages),
        "days": list(ages.values()),
        "as_of": as_of,
        "customer_id": customer_id,
        "after_number": after[0] if after else None,
        "after_field": after[1] if after else None,
        "rows": rows,
    }
    return list(await connection.execute(_STALE, parameters))
