"""Ranks customers by sales, once for each day, so that whoever asks about that day is told the same (C1)."""

import json
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.domain.key_customers import Place, SalesPolicy
from shared.money import minor_digits

# What was sold is what is open and what was paid: credit notes and cancellations took the rest away.
_RANK = text("""
    INSERT INTO sales_ranking (as_of, ranked)
    SELECT :as_of, coalesce(jsonb_agg(jsonb_build_array(customer_id, CAST(sales AS text)) ORDER BY place), '[]')
    FROM (
        SELECT customer_id, sales, row_number() OVER (ORDER BY sales DESC, customer_id) AS place
        FROM (
            SELECT i.customer_id, round(sum((i.open_minor + i.paid_minor) * r.factor), 2) AS sales
            FROM instalment AS i
            JOIN unnest(CAST(:currencies AS text[]), CAST(:factors AS numeric[])) AS r(currency, factor)
                ON r.currency = i.currency
            WHERE i.known_from <= :as_of AND i.known_to > :as_of AND i.issue_date BETWEEN :since AND :as_of
            GROUP BY i.customer_id
        ) AS sold WHERE sales > 0
    ) AS found WHERE place <= :first
    ON CONFLICT DO NOTHING
""")
_RANKED = text("SELECT CAST(ranked AS text) FROM sales_ranking WHERE as_of = :as_of")
_LATEST = text("SELECT as_of, CAST(ranked AS text) FROM sales_ranking ORDER BY as_of DESC LIMIT 1")


async def rank_by_sales(connection: AsyncConnection, *, as_of: date, policy: SalesPolicy) -> list[Place]:
    """Return the first customers by what was invoiced to them, as it was known at the end of `as_of`."""
    ranked = await connection.scalar(_RANKED, {"as_of": as_of})
    if ranked is None:
        factors = [rate.scaleb(-minor_digits(currency)) for currency, rate in policy.rates.items()]
        given = {"currencies": list(policy.rates), "factors": factors, "first": policy.first}
        await connection.execute(_RANK, {**given, "as_of": as_of, "since": policy.since(as_of)})
        ranked = await connection.scalar(_RANKED, {"as_of": as_of})
    return _places(ranked)


async def latest_ranking(connection: AsyncConnection) -> tuple[date, list[Place]] | None:
    """Return the newest ranking with its day; None before the first."""
    row = (await connection.execute(_LATEST)).one_or_none()
    return None if row is None else (row[0], _places(row[1]))


def _places(ranked: str) -> list[Place]:
    return [
        Place(customer_id=UUID(customer_id), place=place, sales=Decimal(sales))
        for place, (customer_id, sales) in enumerate(json.loads(ranked), start=1)
    ]
