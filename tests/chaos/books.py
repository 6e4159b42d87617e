"""Reads what the services hold of the company's documents, straight from their databases."""

from collections.abc import Sequence

import asyncpg

from tests.chaos.account import Books
from tests.chaos.papers import Sum
from tests.faults.house import House

_ORDERS = """
    SELECT order_number, customer_number, sum(amount_minor)::bigint FROM credit_check JOIN profile USING (customer_id)
    GROUP BY order_number, customer_number
"""
_INVOICES = "SELECT number, customer_number, total_minor FROM invoice"
_PAYMENTS = "SELECT reference, customer_number, amount_minor FROM payment"
_REFUNDS = "SELECT r.reference, p.customer_number, r.amount_minor FROM refund AS r JOIN payment AS p USING (payment_id)"
_BOUNCED = "SELECT p.reference FROM payment_reversal JOIN payment AS p USING (payment_id)"
_CREDIT_NOTES = "SELECT number, customer_number, total_minor FROM credit_note"
_BALANCES = """
    SELECT customer_number, sum(minor)::bigint FROM (
        SELECT customer_number, open_minor FROM invoice
        UNION ALL SELECT customer_number, -unapplied_minor FROM payment
        UNION ALL SELECT customer_number, -unapplied_minor FROM credit_note
    ) AS each (customer_number, minor) GROUP BY customer_number
"""


async def read_books(house: House) -> Books:
    """Return what the ledger, collections and credit have."""
    ledger = await _rows(house, "ledger", _INVOICES, _PAYMENTS, _REFUNDS, _BOUNCED, _CREDIT_NOTES, _BALANCES)
    invoices, payments, refunds, bounced, credit_notes, balances = ledger
    promises, disputes = await _rows(
        house, "collections", "SELECT promise_id FROM promise", "SELECT dispute_id FROM dispute"
    )
    [orders] = await _rows(house, "credit", _ORDERS)
    return Books(
        invoices=_sums(invoices),
        payments=_sums(payments),
        refunds=_sums(refunds),
        bounced={row[0] for row in bounced},
        credit_notes=_sums(credit_notes),
        promises={str(row[0]) for row in promises},
        disputes={str(row[0]) for row in disputes},
        orders=_sums(orders),
        balances={row[0]: row[1] for row in balances},
    )


async def count_effects(house: House) -> int:
    """Return how many events all services together have applied of each other's."""
    counts = [
        (await _rows(house, service, "SELECT coalesce(sum(sequence), 0)::bigint FROM stream_position"))[0][0][0]
        for service in house.stack.services
    ]
    return sum(counts)


async def _rows(house: House, service: str, *queries: str) -> list[Sequence[asyncpg.Record]]:
    connection = await asyncpg.connect(house.stack.checker_url(service).replace("+asyncpg", ""))
    try:
        return [await connection.fetch(query) for query in queries]
    finally:
        await connection.close()


def _sums(rows: Sequence[asyncpg.Record]) -> dict[str, Sum]:
    return {number: Sum(customer, minor) for number, customer, minor in rows}
