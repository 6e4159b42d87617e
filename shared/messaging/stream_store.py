"""The relay's SQL: numbering outbox rows, reading what must be sent, marking what the broker has."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.rows import Rows, update_rows

ASSIGN_LIMIT = 2_000

_ENSURE_HEADS = text(
    "INSERT INTO stream_head (partition_no) SELECT generate_series(0, :partitions - 1) ON CONFLICT DO NOTHING"
)
# The numbers follow the order of id among rows already committed; a row that commits later gets a later number. Rows of
# one customer commit in order of id, because ids are drawn while his row is locked.
_ASSIGN = text(
    """
    WITH fresh AS MATERIALIZED (
        SELECT id, partition_no, event_id FROM outbox WHERE sequence IS NULL ORDER BY id LIMIT :limit
    ), numbered AS (
        SELECT id, partition_no, event_id, row_number() OVER w AS place, lag(event_id) OVER w AS previous_id
        FROM fresh WINDOW w AS (PARTITION BY partition_no ORDER BY id)
    ), head AS MATERIALIZED (
        SELECT partition_no, epoch, sequence, last_event_id FROM stream_head
        WHERE partition_no IN (SELECT partition_no FROM fresh) ORDER BY partition_no FOR UPDATE
    ), written AS (
        UPDATE outbox AS o
        SET epoch = h.epoch, sequence = h.sequence + n.place, previous_id = coalesce(n.previous_id, h.last_event_id)
        FROM numbered AS n JOIN head AS h USING (partition_no)
        WHERE o.id = n.id
        RETURNING o.partition_no, o.sequence, o.event_id
    ), last AS (
        SELECT DISTINCT ON (partition_no) partition_no, sequence, event_id
        FROM written ORDER BY partition_no, sequence DESC
    ), moved AS (
        UPDATE stream_head AS h SET sequence = l.sequence, last_event_id = l.event_id
        FROM last AS l WHERE h.partition_no = l.partition_no
    )
    SELECT count(*) FROM written
    """
)
_UNACKNOWLEDGED = text(
    """
    SELECT o.* FROM stream_head AS h
    CROSS JOIN LATERAL (
        SELECT * FROM outbox AS r
        WHERE r.partition_no = h.partition_no AND r.epoch = h.epoch AND r.sequence > h.acknowledged_sequence
        ORDER BY r.sequence LIMIT :limit
    ) AS o
    WHERE h.sequence > h.acknowledged_sequence
    ORDER BY o.partition_no, o.sequence
    """
)
_HEADS = text(
    "SELECT partition_no, epoch, sequence, last_event_id, acknowledged_sequence FROM stream_head ORDER BY partition_no"
)
_AGE = text(
    """
    SELECT extract(epoch FROM now() - min(recorded_at)) FROM (
        (SELECT recorded_at FROM outbox WHERE sequence IS NULL ORDER BY id LIMIT 1)
        UNION ALL
        (SELECT o.recorded_at FROM stream_head AS h JOIN outbox AS o ON o.partition_no = h.partition_no
         AND o.epoch = h.epoch AND o.sequence = h.acknowledged_sequence + 1 WHERE h.sequence > h.acknowledged_sequence)
    ) AS waiting
    """
)
_PRUNE = text(
    """
    DELETE FROM outbox AS o USING stream_head AS h
    WHERE o.partition_no = h.partition_no
      AND (o.epoch < h.epoch OR o.epoch = h.epoch AND o.sequence < h.acknowledged_sequence)
      AND o.recorded_at < now() - make_interval(days => :days)
    """
)
_EVENTS_AT = text(
    """
    SELECT o.partition_no, o.event_id
    FROM unnest(CAST(:partitions AS smallint[]), CAST(:epochs AS integer[]), CAST(:sequences AS bigint[]))
        AS p(partition_no, epoch, sequence)
    JOIN outbox AS o USING (partition_no, epoch, sequence)
    """
)
_SEND_AGAIN = text(
    """
    UPDATE stream_head AS h SET acknowledged_sequence = :sequence - 1
    WHERE h.partition_no = :partition_no AND :sequence BETWEEN 1 AND h.acknowledged_sequence
      AND EXISTS (SELECT FROM outbox AS o WHERE o.partition_no = h.partition_no AND o.epoch = h.epoch
                  AND o.sequence = :sequence)
    RETURNING h.sequence - h.acknowledged_sequence
    """
)
_ACKNOWLEDGED = Rows.of("stream_head", key=("partition_no",), partition_no="smallint", acknowledged_sequence="bigint")


@dataclass(frozen=True, slots=True)
class Head:
    """How far a partition of this service's stream is numbered, and how far the broker has it."""

    partition_no: int
    epoch: int
    sequence: int
    last_event_id: UUID | None
    acknowledged_sequence: int


async def ensure_heads(connection: AsyncConnection, partitions: int) -> None:
    """Create the heads of partitions that have none."""
    await connection.execute(_ENSURE_HEADS, {"partitions": partitions})


async def heads(connection: AsyncConnection) -> dict[int, Head]:
    """Return all heads by partition."""
    return {row.partition_no: Head(*row) for row in await connection.execute(_HEADS)}


async def events_at(connection: AsyncConnection, places: Mapping[int, tuple[int, int]]) -> dict[int, UUID]:
    """Return by partition the event that has this epoch and sequence, where the outbox still has it."""
    parameters = {
        "partitions": list(places),
        "epochs": [epoch for epoch, _ in places.values()],
        "sequences": [sequence for _, sequence in places.values()],
    }
    return {row.partition_no: row.event_id for row in await connection.execute(_EVENTS_AT, parameters)}


async def assign(connection: AsyncConnection) -> int:
    """Number the oldest unnumbered rows, contiguously per partition; return how many. Only the leader may do it."""
    return int((await connection.execute(_ASSIGN, {"limit": ASSIGN_LIMIT})).scalar_one())


async def unacknowledged(connection: AsyncConnection) -> list[Row[Any]]:
    """Return numbered rows that the broker has not acknowledged, in order per partition."""
    return list(await connection.execute(_UNACKNOWLEDGED, {"limit": ASSIGN_LIMIT}))


async def mark_acknowledged(connection: AsyncConnection, sequences: Mapping[int, int]) -> None:
    """Note the last sequence that the broker has, by partition."""
    rows = [{"partition_no": each, "acknowledged_sequence": sequence} for each, sequence in sequences.items()]
    await update_rows(connection, _ACKNOWLEDGED, rows)


async def send_again(connection: AsyncConnection, partition_no: int, sequence: int) -> int:
    """Let what was acknowledged be sent from `sequence` on once more; return how many rows, 0 where it cannot."""
    rows = await connection.execute(_SEND_AGAIN, {"partition_no": partition_no, "sequence": sequence})
    return int(rows.scalar_one_or_none() or 0)


async def oldest_waiting_seconds(connection: AsyncConnection) -> float:
    """Return the age of the oldest row that the broker does not have yet; 0 when there is none."""
    return float((await connection.execute(_AGE)).scalar_one() or 0)


async def prune(connection: AsyncConnection, *, days: int) -> int:
    """Delete rows older than `days` that the broker has, except the last of each partition; return how many."""
    return (await connection.execute(_PRUNE, {"days": days})).rowcount
