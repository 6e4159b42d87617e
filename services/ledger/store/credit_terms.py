"""What credit allows as terms now and has promised to orders, as the ledger has heard it."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.domain.terms import CreditTerms
from shared.rows import Row, Rows, upsert_rows

OrderKey = tuple[UUID, str]
"""A customer and the number of his order; empty for an invoice that names none."""

_CURRENT = Rows.of(
    "credit_terms", key=("customer_id",), customer_id="uuid", partition_no="smallint", terms_days="integer"
)
_PROMISED = Rows.of(
    "promised_terms",
    key=("customer_id", "order_number"),
    customer_id="uuid",
    order_number="text",
    partition_no="smallint",
    terms_days="integer",
)
_FIND = text("""
    SELECT r.customer_id, r.order_number, p.customer_id IS NOT NULL AS promised,
        CASE WHEN p.customer_id IS NULL THEN c.terms_days ELSE p.terms_days END AS terms_days
    FROM unnest(CAST(:customers AS uuid[]), CAST(:orders AS text[])) AS r(customer_id, order_number)
    LEFT JOIN promised_terms AS p USING (customer_id, order_number)
    LEFT JOIN credit_terms AS c USING (customer_id)
""")


async def find_credit_terms(connection: AsyncConnection, keys: Collection[OrderKey]) -> dict[OrderKey, CreditTerms]:
    """Return what credit allows for these orders, where it restricts anything: as promised, else as it is now."""
    ordered = sorted(set(keys))
    parameters = {"customers": [customer for customer, _ in ordered], "orders": [order for _, order in ordered]}
    return {
        (row.customer_id, row.order_number): CreditTerms(row.terms_days, "order" if row.promised else "credit")
        for row in await connection.execute(_FIND, parameters)
        if row.terms_days is not None
    }


async def save_current_terms(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """Note what credit allows customers now."""
    await upsert_rows(connection, _CURRENT, rows)


async def save_promised_terms(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """Note what credit has promised to orders."""
    await upsert_rows(connection, _PROMISED, rows)
