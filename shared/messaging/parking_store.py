"""The SQL of parking: a customer set aside, and what queues behind the event that stopped him (P6)."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.messaging.envelope import Envelope
from shared.messaging.kafka import Record
from shared.messaging.positions import from_pairs, to_pairs
from shared.rows import Rows, insert_rows

_ITEM = Rows.of(
    "parked_item",
    key=("ordinal",),
    ordinal="integer",
    customer_id="uuid",
    topic="text",
    headers="jsonb",
    body="text",
    day="date",
    cause="text",
)
_SET = text("UPDATE customer SET parked_at = coalesce(parked_at, now()) WHERE customer_id = ANY(CAST(:ids AS uuid[]))")
_CLEAR = text("UPDATE customer SET parked_at = NULL WHERE customer_id = :id")
_OF_PARTITION = text(
    "SELECT customer_id FROM customer WHERE partition_no = :partition_no AND parked_at IS NOT NULL ORDER BY customer_id"
)
_ITEMS = text(
    "SELECT id, topic, headers, body, day, cause, parked_at FROM parked_item WHERE customer_id = :id ORDER BY id"
)
_DELETE = text("DELETE FROM parked_item WHERE id = ANY(CAST(:ids AS bigint[]))")
_DISCARD = text(
    """
    WITH gone AS (DELETE FROM parked_item WHERE id = :id RETURNING *)
    INSERT INTO discarded_item (item_id, customer_id, topic, headers, body, day, cause, parked_at, discarded_by, reason)
    SELECT id, customer_id, topic, headers, body, day, cause, parked_at, :actor, :reason FROM gone
    """
)
_DISCARDED = text(
    "SELECT item_id, topic, headers, body, day, cause, parked_at, discarded_by, reason, discarded_at "
    "FROM discarded_item WHERE customer_id = :id ORDER BY item_id"
)
_CAUSE = text("UPDATE parked_item SET cause = :cause WHERE id = :id")
_BODILESS = text("SELECT id, headers FROM parked_item WHERE topic = :topic AND body = '' ORDER BY id")
_COMPLETE = text(
    "UPDATE parked_item SET headers = CAST(:headers AS jsonb), body = :body, cause = :cause WHERE id = :id"
)
_COMPLETED = "it was withheld, and has come whole since: release the customer"
_PARKED = text(
    """
    SELECT c.customer_id, c.parked_at, count(i.id) AS items,
           (array_agg(i.cause ORDER BY i.id) FILTER (WHERE i.cause IS NOT NULL))[1] AS cause
    FROM customer AS c LEFT JOIN parked_item AS i USING (customer_id)
    WHERE c.parked_at IS NOT NULL GROUP BY c.customer_id, c.parked_at ORDER BY c.parked_at LIMIT :limit
    """
)


@dataclass(frozen=True, slots=True)
class ToPark:
    """An event (with its body) or a day that a customer's queue must hold; `cause` is set on what stopped him."""

    customer_id: UUID
    topic: str
    envelope: Envelope
    body: str | None = None
    day: date | None = None
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class ParkedItem:
    """What waits in a parked customer's queue."""

    item_id: int
    topic: str
    envelope: Envelope
    body: str | None
    day: date | None
    cause: str | None
    parked_at: datetime


@dataclass(frozen=True, slots=True)
class DiscardedItem:
    """What was given up for good, as it waited, with who did that, why and when."""

    item: ParkedItem
    discarded_by: str
    reason: str | None
    discarded_at: datetime


@dataclass(frozen=True, slots=True)
class ParkedCustomer:
    """A customer set aside, since when, how much waits, and the first cause."""

    customer_id: UUID
    parked_at: datetime
    items: int
    cause: str | None


async def park(connection: AsyncConnection, items: Sequence[ToPark]) -> None:
    """Append `items` to their customers' queues, in order, and set the customers aside."""
    if not items:
        return
    rows = [
        {
            "ordinal": ordinal,
            "customer_id": item.customer_id,
            "topic": item.topic,
            "headers": to_pairs(item.envelope),
            "body": item.body,
            "day": item.day,
            "cause": item.cause,
        }
        for ordinal, item in enumerate(items)
    ]
    await insert_rows(connection, _ITEM, rows)
    await connection.execute(_SET, {"ids": sorted({item.customer_id for item in items})})


async def parked_in(connection: AsyncConnection, partition_no: int) -> list[UUID]:
    """Return the parked customers of a partition."""
    return list((await connection.execute(_OF_PARTITION, {"partition_no": partition_no})).scalars())


async def items_of(connection: AsyncConnection, customer_id: UUID) -> list[ParkedItem]:
    """Return a customer's queue in order."""
    return [_item(row.id, row) for row in await connection.execute(_ITEMS, {"id": customer_id})]


async def discard(connection: AsyncConnection, item_id: int, *, actor: str, reason: str | None) -> None:
    """Take an item out of the queue for good, and keep it with who did that and why."""
    await connection.execute(_DISCARD, {"id": item_id, "actor": actor, "reason": reason})


async def discarded_of(connection: AsyncConnection, customer_id: UUID) -> list[DiscardedItem]:
    """Return what was given up of a customer's queue, in its order."""
    return [
        DiscardedItem(_item(row.item_id, row), row.discarded_by, row.reason, row.discarded_at)
        for row in await connection.execute(_DISCARDED, {"id": customer_id})
    ]


async def remove(connection: AsyncConnection, item_ids: Collection[int]) -> None:
    """Take items out of the queue."""
    await connection.execute(_DELETE, {"ids": sorted(item_ids)})


async def set_cause(connection: AsyncConnection, item_id: int, cause: str) -> None:
    """Say on an item why it stops its customer."""
    await connection.execute(_CAUSE, {"id": item_id, "cause": cause})


async def complete(connection: AsyncConnection, topic: str, repeated: Sequence[tuple[Record, Envelope]]) -> None:
    """Give a body to each item that came without one, where its event has now come whole under the same number."""
    whole = {envelope.event_id: (record, envelope) for record, envelope in repeated if record.body}
    if not whole:
        return
    for row in await connection.execute(_BODILESS, {"topic": topic}):
        if (found := whole.get(from_pairs(row.headers).event_id)) is not None:
            record, envelope = found
            completed = {"headers": json.dumps(to_pairs(envelope)), "body": text_of(record.body), "cause": _COMPLETED}
            await connection.execute(_COMPLETE, {"id": row.id, **completed})


def text_of(body: bytes | None) -> str:
    """Return a body as PostgreSQL can hold it, without NUL and broken UTF-8; what is readable stays as it came."""
    return (body or b"").decode("utf-8", "backslashreplace").replace("\x00", "\\x00")


async def unpark(connection: AsyncConnection, customer_id: UUID) -> None:
    """Let the customer's events flow again."""
    await connection.execute(_CLEAR, {"id": customer_id})


async def parked_customers(connection: AsyncConnection, *, limit: int) -> list[ParkedCustomer]:
    """Return who is parked, the longest first."""
    return [ParkedCustomer(*row) for row in await connection.execute(_PARKED, {"limit": limit})]


def _item(item_id: int, row: Row[Any]) -> ParkedItem:
    return ParkedItem(item_id, row.topic, from_pairs(row.headers), row.body, row.day, row.cause, row.parked_at)
