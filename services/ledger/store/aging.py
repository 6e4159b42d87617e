"""Sums the movements up to any date under either clock into bands: what was open then, not what is open now (L9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.domain.aging import AgedSum, Bands


@dataclass(frozen=True, slots=True, kw_only=True)
class AgingQuestion:
    """What is asked of a day: its end as known then or as known now, of all or of some, by customer or not."""

    known_then: bool
    by_customer: bool
    entity: str | None = None
    currency: str | None = None
    customer_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class AgingAnswer:
    """Some of the sums, and the totals by currency over all of them, from one snapshot."""

    sums: list[AgedSum]
    totals: list[AgedSum]


async def aged_sums(
    connection: AsyncConnection,
    question: AgingQuestion,
    *,
    as_of: date,
    bands: Bands,
    limit: int | None,
    after: Sequence[object] | None = None,
) -> AgingAnswer:
    """Return at most `limit` sums (None: all) behind `after` (entity, currency, customer or None), and the totals."""
    entity, currency, customer_id = after or (None, None, None)
    parameters = {
        "as_of": as_of,
        "known_then": question.known_then,
        "by_customer": question.by_customer,
        "entity": question.entity,
        "currency": question.currency,
        "customer_id": question.customer_id,
        "starts": list(bands.starts),
        "limit": limit,
        "after_entity": entity,
        "after_currency": currency,
        "after_customer": customer_id or UUID(int=0),
    }
    rows = (await connection.execute(_statement(len(bands.names)), parameters)).mappings()
    sums = [AgedSum(**{**row, "open_minor": tuple(row["open_minor"])}) for row in rows]
    return AgingAnswer(
        sums=[each for each in sums if each.entity is not None],
        totals=[each for each in sums if each.entity is None],
    )


_ASKED = """
    effective_date <= CAST(:as_of AS date)
    AND (NOT CAST(:known_then AS boolean) OR recorded_day <= CAST(:as_of AS date))
    AND (CAST(:entity AS text) IS NULL OR entity = CAST(:entity AS text))
    AND (CAST(:currency AS text) IS NULL OR currency = CAST(:currency AS text))
    AND (CAST(:customer_id AS uuid) IS NULL OR customer_id = CAST(:customer_id AS uuid))
"""

# One row for each open instalment, and one for the credit of each customer, which lies in no band. Where sums are not
# by customer, all rows count for one customer of zeros.
_PARTS = f"""
    SELECT entity, CAST(currency AS text) AS currency, invoice_id, open_minor, unapplied_minor,
        width_bucket(CAST(:as_of AS date) - due_date, CAST(:starts AS integer[])) AS band,
        CASE WHEN CAST(:by_customer AS boolean) THEN customer_id ELSE uuid_nil END AS customer_id
    FROM (
        SELECT any_value(entity) AS entity, any_value(currency) AS currency, any_value(customer_id) AS customer_id,
            any_value(invoice_id) AS invoice_id, any_value(due_date) AS due_date,
            sum(delta_minor) AS open_minor, 0 AS unapplied_minor
        FROM movement WHERE {_ASKED}
        GROUP BY instalment_id HAVING sum(delta_minor) <> 0
        UNION ALL
        SELECT entity, currency, customer_id, NULL, NULL, 0, sum(delta_minor)
        FROM credit_movement WHERE {_ASKED}
        GROUP BY entity, currency, customer_id HAVING sum(delta_minor) <> 0
    ) AS balance, CAST('00000000-0000-0000-0000-000000000000' AS uuid) AS uuid_nil
"""


@cache
def _statement(bands: int) -> TextClause:
    by_band = (f"coalesce(sum(open_minor) FILTER (WHERE band = {band}), 0)" for band in range(bands))
    sums = f"""
        CAST(ARRAY[{", ".join(by_band)}] AS bigint[]) AS open_minor,
        CAST(sum(unapplied_minor) AS bigint) AS unapplied_minor,
        count(DISTINCT invoice_id) AS open_invoices,
        count(DISTINCT invoice_id) FILTER (WHERE band > 0) AS overdue_invoices
    """
    return text(f"""
        WITH part AS MATERIALIZED ({_PARTS})
        (SELECT NULL AS entity, NULL AS customer_id, currency, {sums} FROM part GROUP BY currency ORDER BY currency)
        UNION ALL
        (SELECT entity, nullif(customer_id, '00000000-0000-0000-0000-000000000000'), currency, {sums} FROM part
         WHERE CAST(:after_entity AS text) IS NULL OR (entity, currency, customer_id)
             > (CAST(:after_entity AS text), CAST(:after_currency AS text), CAST(:after_customer AS uuid))
         GROUP BY entity, currency, part.customer_id
         ORDER BY entity, currency, part.customer_id LIMIT CAST(:limit AS bigint))
    """)
