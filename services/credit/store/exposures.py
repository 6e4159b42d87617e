"""Reads what counts against limits: by customer, and by industry and country for the portfolio's warnings."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.domain.exposure import Part
from services.credit.domain.portfolio import Portfolio

_OF_CUSTOMERS = text(
    "SELECT customer_id, currency, open_minor, reserved_minor, unapplied_minor FROM exposure "
    "WHERE customer_id = ANY(CAST(:ids AS uuid[]))"
)
_BALANCES = text(
    "SELECT entity, currency, open_minor, unapplied_minor FROM balance WHERE customer_id = :customer_id "
    "ORDER BY entity, currency"
)
_SLICES = text("""
    SELECT p.industry, p.country, e.currency, CAST(sum(e.open_minor) AS bigint) AS open_minor,
           CAST(sum(e.reserved_minor) AS bigint) AS reserved_minor,
           CAST(sum(e.unapplied_minor) AS bigint) AS unapplied_minor
    FROM exposure_part AS e LEFT JOIN profile AS p USING (customer_id)
    GROUP BY p.industry, p.country, e.currency
""")


async def load_parts(connection: AsyncConnection, customer_ids: Collection[UUID]) -> dict[UUID, dict[str, Part]]:
    """Return the exposure of each customer by currency; a customer without any has an empty one."""
    found: dict[UUID, dict[str, Part]] = {each: {} for each in customer_ids}
    for row in await connection.execute(_OF_CUSTOMERS, {"ids": sorted(customer_ids)}):
        found[row.customer_id][row.currency] = _part(row)
    return found


async def load_balances(connection: AsyncConnection, customer_id: UUID) -> list[Row[Any]]:
    """Return (entity, currency, open_minor, unapplied_minor) of one customer."""
    return list(await connection.execute(_BALANCES, {"customer_id": customer_id}))


async def load_portfolio(connection: AsyncConnection) -> Portfolio:
    """Return what all customers owe, by industry and country: reads every balance once."""
    portfolio = Portfolio()
    for row in await connection.execute(_SLICES):
        portfolio.add(industry=row.industry, country=row.country, parts={row.currency: _part(row)})
    return portfolio


def _part(row: Row[Any]) -> Part:
    return Part(open_minor=row.open_minor, reserved_minor=row.reserved_minor, unapplied_minor=row.unapplied_minor)
