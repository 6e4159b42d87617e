"""Follows credit's terms: what it allows a customer now, and what it has promised to an order (L1, C3, C6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.store.credit_terms import save_current_terms, save_promised_terms
from shared.ids import partition_of


@dataclass(frozen=True, slots=True)
class HeardTerms:
    """The longest net days of a customer, or of one order of his; None is as the contract says."""

    customer_id: UUID
    order_number: str | None
    terms_days: int | None


async def follow_credit_terms(connection: AsyncConnection, heard: Sequence[HeardTerms], *, partitions: int) -> None:
    """Note what was heard last of each customer and order; invoices that are recorded stay as they are."""
    last = {
        (each.customer_id, each.order_number): {
            "customer_id": each.customer_id,
            "order_number": each.order_number,
            "partition_no": partition_of(each.customer_id, partitions),
            "terms_days": each.terms_days,
        }
        for each in heard
    }
    await save_current_terms(connection, [row for row in last.values() if row["order_number"] is None])
    await save_promised_terms(connection, [row for row in last.values() if row["order_number"] is not None])
