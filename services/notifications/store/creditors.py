"""The creditor entities as the ledger tells them: who demands, and where to pay."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_SAVE = text(
    """
    INSERT INTO creditor AS c (entity, name, country, zone, payee, recorded_at)
    SELECT r.entity, r.name, r.country, r.zone, CAST(r.payee AS jsonb), r.recorded_at
    FROM unnest(CAST(:entity AS text[]), CAST(:name AS text[]), CAST(:country AS text[]), CAST(:zone AS text[]),
                CAST(:payee AS text[]), CAST(:recorded_at AS timestamptz[]))
         AS r(entity, name, country, zone, payee, recorded_at)
    ORDER BY r.entity
    ON CONFLICT (entity) DO UPDATE
    SET name = excluded.name, country = excluded.country, zone = excluded.zone, payee = excluded.payee,
        recorded_at = excluded.recorded_at
    WHERE c.recorded_at < excluded.recorded_at
    """
)
_READ = text("SELECT entity, name, country, payee FROM creditor WHERE entity = ANY(CAST(:entities AS text[]))")
_ZONES = text("SELECT DISTINCT zone FROM creditor")


@dataclass(frozen=True, slots=True)
class Creditor:
    """An entity that demands payment; its payee is whom to pay, with all accounts, and whom to call."""

    entity: str
    name: str
    country: str
    payee: Mapping[str, Any]


async def save_creditors(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert or replace creditors, unless a later record of them is already here."""
    if not rows:
        return
    columns = {name: [row[name] for row in rows] for name in ("entity", "name", "country", "zone", "recorded_at")}
    payees = [json.dumps(row["payee"], ensure_ascii=False) for row in rows]
    await connection.execute(_SAVE, {**columns, "payee": payees})


async def read_creditors(connection: AsyncConnection, entities: Collection[str]) -> dict[str, Creditor]:
    """Return these creditors by entity code."""
    rows = await connection.execute(_READ, {"entities": sorted(set(entities))})
    return {row.entity: Creditor(row.entity, row.name, row.country, row.payee) for row in rows}


async def read_zones(connection: AsyncConnection) -> set[str]:
    """Return the time zones in which there are creditors."""
    return set((await connection.execute(_ZONES)).scalars())
