"""Writes the creditor entities, which every partition hears of."""

from collections.abc import Iterable
from dataclasses import asdict

from sqlalchemy.ext.asyncio import AsyncConnection

from services.collections.domain.receivables import Entity
from shared.rows import Rows, upsert_rows

_SHAPE = Rows.of("entity", key=("entity",), entity="text", name="text", country="text", zone="text", currency="text")


async def save_entities(connection: AsyncConnection, entities: Iterable[Entity]) -> None:
    """Know these entities."""
    await upsert_rows(connection, _SHAPE, [asdict(each) for each in entities])
