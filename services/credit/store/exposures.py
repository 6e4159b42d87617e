"""Reads what counts against limits: by customer, and by industry and country for the portfolio's warnings."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.domain.exposure import Part
from services.credit.domain.portfolio import Portfolio
from shared.web.cursor import Position

_OF_CUSTOMERS = text(
    "SELECT customer_id, currency, open_minor, reserved_minor, unapplied_minor FROM exposure "
    "WHERE customer_id = ANY(CAST(:ids AS uuid[]))"
)
_IDS = text("""
    SELECT customer_id FROM customer
    WHERE (CAST(:customer_id AS uuid) IS NULL OR customer_id = :customer_id)
      AND (CAST(:after AS uuid) IS NULL OR customer_id > CAST(:after AS uuid))
    ORDER BY customer_id LIMIT :rows
""")
_BALANCES = text(
    "SELECT customer_id, entity, currency, open_minor, unapplied_minor FROM balance "
    "WHERE customer_id = ANY(CAST(:ids AS uuid[])) ORDER BY customer_id, entity, currency"
)
_SLICES = text("""
    SELECT p.industry, p.country, e.currency, CAST(sum(e.open_minor) AS bigint) AS open_minor,
           CAST(sum(e.reserved_minor) AS bigint) AS reserved_minor,
           CAST(sum(e.unapplied_minor) AS bigint) AS unapplied_minor
    FROM exposure_part AS e LEFT JOIN profile AS p USING (customer_id)
    GROUP BY p.industry, p.country, e.currency
""")


@dataclass(frozen=True, slots=True)
class EntityBalance:
    """What a customer owes one entity in one currency, and has paid it in advance."""

    entity: str
    currency: str
    open_minor: int
    unapplied_minor: int


async def load_parts(connection: AsyncConnection, customer_ids: Collection[UUID]) -> dict[UUID, dict[str, Part]]:
    """Return the exposure of each customer by currency; a customer without any has an empty one."""
    found: dict[UUID, dict[str, Part]] = {each: {} for each in customer_ids}
    for row in await connection.execute(_OF_CUSTOMERS, {"ids": sorted(customer_ids)}):
        found[row.customer_id][row.currency] = _part(row)
    return found


async def list_ids(
    connection: AsyncConnection, *, customer_id: UUID | None, after: Position | None, rows: int
) -> list[UUID]:
    """Return up to `rows` customers behind the position `after`, by id."""
    parameters = {"customer_id": customer_id, "after": after[0] if after else None, "rows": rows}
    return list(await connection.scalars(_IDS, parameters))


async def load_balances(connection: AsyncConnection, customer_ids: Collection[UUID]) -> dict[UUID, list[EntityBalance]]:
    """Return the balances of customers by entity and currency."""
    found: dict[UUID, list[EntityBalance]] = {}
    for row in await connection.execute(_BALANCES, {"ids": sorted(customer_ids)}):
        balance = EntityBalance(row.entity, row.currency, row.open_minor, row.unapplied_minor)
        found.setdefault(row.customer_id, []).append(balance)
    return found


async def load_portfolio(connection: AsyncConnection) -> Portfolio:
    """Return what all customers owe, by industry and country: reads every balance once."""
    portfolio = Portfolio()
    for row in await connection.execute(_SLICES):
        portfolio.add(industry=row.industry, country=row.country, parts={row.currency: _part(row)})
    return portfolio


def _part(row: Row[Any]) -> Part:
    return Part(open_minor=row.open_minor, reserved_minor=row.reserved_minor, unapplied_minor=row.unapplied_minor)
