"""The creditor entities."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.rows import Row, Rows, insert_rows

_ENTITY = Rows.of(
    "entity",
    key=("entity",),
    entity="text",
    name="text",
    country="text",
    zone="text",
    currency="text",
    accounts="text",
    payee="jsonb",
    tax_number="text",
    address="text",
    sender_email="text",
    sms_signature="text",
    recorded_at="timestamptz",
)
_COLUMNS = (
    "entity, name, country, zone, currency, accounts, payee, tax_number, address, sender_email, sms_signature, version"
)
_FIND = text(f"SELECT {_COLUMNS} FROM entity WHERE entity = ANY(CAST(:codes AS text[]))")
_LIST = text(f"SELECT {_COLUMNS} FROM entity WHERE entity > :after ORDER BY entity LIMIT :limit")
_ZONES = text("SELECT DISTINCT zone FROM entity")
_SAVE_REACH = text(
    "UPDATE entity SET payee = CAST(:payee AS jsonb), address = :address, version = :version WHERE entity = :entity"
)
# One entity is recorded once, whoever asks at the same time; entities are few and hardly ever change.
_LOCK = text("LOCK TABLE entity IN SHARE ROW EXCLUSIVE MODE")


@dataclass(frozen=True, slots=True)
class Entity:
    """A creditor: whose books, which zone and chart, whom to pay as it was recorded, and what messages say of it.

    `version` counts the changes, so that nobody overwrites what he has not read.
    """

    entity: str
    name: str
    country: str
    zone: str
    currency: str
    accounts: str
    payee: dict[str, str]
    tax_number: str | None = None
    address: str | None = None
    sender_email: str | None = None
    sms_signature: str | None = None
    version: int = 1


async def find_entities(connection: AsyncConnection, codes: Collection[str]) -> dict[str, Entity]:
    """Return the known ones of these entities by code."""
    rows = await connection.execute(_FIND, {"codes": sorted(set(codes))})
    return {row.entity: _entity(row) for row in rows}


async def list_entities(connection: AsyncConnection, *, after: str, limit: int) -> list[Entity]:
    """Return entities in order of their codes."""
    return [_entity(row) for row in await connection.execute(_LIST, {"after": after, "limit": limit})]


async def entity_zones(connection: AsyncConnection) -> set[str]:
    """Return the time zones in which there are entities."""
    return set((await connection.execute(_ZONES)).scalars())


async def lock_entities(connection: AsyncConnection) -> None:
    """Let nobody else record or change an entity until the transaction ends."""
    await connection.execute(_LOCK)


async def insert_entities(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """Record new entities."""
    await insert_rows(connection, _ENTITY, rows)


async def save_reach(connection: AsyncConnection, entity: Entity) -> None:
    """Save how customers reach an entity that is known."""
    payee = json.dumps(entity.payee, ensure_ascii=False)
    given = {"entity": entity.entity, "payee": payee, "address": entity.address, "version": entity.version}
    await connection.execute(_SAVE_REACH, given)


def _entity(row: Any) -> Entity:
    return Entity(**row._mapping)  # noqa: SLF001 - its public name
