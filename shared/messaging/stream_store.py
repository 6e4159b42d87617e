"""The relay's SQL: numbering outbox rows, reading what must be sent, marking what the broker has."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

EventPlace = tuple[int, int, int]
"""A partition, an epoch and a sequence: where an event stands in its service's stream."""

ASSIGN_LIMIT = 2_000
SEND_BYTES = 1_000_000
"""So much of each partition is sent at once, and read into memory."""
HEADER_BYTES = 1_000

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
# Headers travel with each body; a first row is taken whatever its size, so that there is always progress.
_UNACKNOWLEDGED = text(
    f"""
    SELECT o.*, h.acknowledged_sequence AS sent_before, h.sequence AS last_sequence FROM stream_head AS h
    CROSS JOIN LATERAL (
        SELECT * FROM (
            SELECT r.*, sum(octet_length(r.body) + {HEADER_BYTES}) OVER (ORDER BY r.sequence) AS bytes FROM (
                SELECT * FROM outbox AS r
                WHERE r.partition_no = h.partition_no AND r.epoch = h.epoch AND r.sequence > h.acknowledged_sequence
                ORDER BY r.sequence LIMIT :limit
            ) AS r
        ) AS summed
        WHERE bytes - octet_length(body) - {HEADER_BYTES} <= CAST(:max_bytes AS bigint)
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
_UNTOLD = text(
    """
    SELECT o.event_id FROM outbox AS o JOIN stream_head AS h USING (partition_no)
    WHERE o.event_id = ANY(CAST(:event_ids AS uuid[]))
      AND (o.epoch IS NULL OR o.epoch = h.epoch AND o.sequence > h.acknowledged_sequence)
    """
)
_EVENTS_AT = text(
    """
    SELECT o.partition_no, o.epoch, o.sequence, o.event_id
    FROM unnest(CAST(:partitions AS smallint[]), CAST(:epochs AS integer[]), CAST(:sequences AS bigint[]))
        AS p(partition_no, epoch, sequence)
    JOIN outbox AS o USING (partition_no, epoch, sequence)
    """
)
# What is sent again is acknowledged anew, so the marks by which it would be pruned go back with it.
_SEND_AGAIN = text(
    """
    WITH cut AS (
        UPDATE acknowledged_mark AS m SET sequence = least(m.sequence, :sequence - 1)
        FROM stream_head AS h
        WHERE h.partition_no = :partition_no AND (m.partition_no, m.epoch) = (h.partition_no, h.epoch)
    )
    UPDATE stream_head AS h SET acknowledged_sequence = :sequence - 1
    WHERE h.partition_no = :partition_no AND :sequence BETWEEN 1 AND h.acknowledged_sequence
      AND EXISTS (SELECT FROM outbox AS o WHERE o.partition_no = h.partition_no AND o.epoch = h.epoch
                  AND o.sequence = :sequence)
    RETURNING h.sequence - h.acknowledged_sequence
    """
)
_WITHHELD = text("UPDATE outbox SET withheld = (id = ANY(:withheld)) WHERE id = ANY(:changed)")
# Only where the mark still stands where sending began: who asked meanwhile that rows be sent again is not overheard.
_MARK = text(
    """
    UPDATE stream_head AS h SET acknowledged_sequence = r.sequence
    FROM unnest(CAST(:partitions AS smallint[]), CAST(:epochs AS integer[]), CAST(:sent_before AS bigint[]),
                CAST(:sequences AS bigint[])) AS r(partition_no, epoch, sent_before, sequence)
    WHERE h.partition_no = r.partition_no AND h.epoch = r.epoch AND h.acknowledged_sequence = r.sent_before
    """
)
_LOWER = text(
    """
    WITH r AS (
        SELECT * FROM unnest(CAST(:partitions AS smallint[]), CAST(:sequences AS bigint[])) AS r(partition_no, sequence)
    ), cut AS (
        UPDATE acknowledged_mark AS m SET sequence = least(m.sequence, r.sequence)
        FROM r JOIN stream_head AS h USING (partition_no) WHERE (m.partition_no, m.epoch) = (h.partition_no, h.epoch)
    )
    UPDATE stream_head AS h SET acknowledged_sequence = least(h.acknowledged_sequence, r.sequence)
    FROM r WHERE h.partition_no = r.partition_no
    """
)


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


async def events_at(connection: AsyncConnection, places: Sequence[EventPlace]) -> dict[EventPlace, UUID]:
    """Return the event under each of these numbers, where the outbox still has it."""
    parameters = {
        "partitions": [partition_no for partition_no, _, _ in places],
        "epochs": [epoch for _, epoch, _ in places],
        "sequences": [sequence for _, _, sequence in places],
    }
    rows = await connection.execute(_EVENTS_AT, parameters)
    return {(row.partition_no, row.epoch, row.sequence): row.event_id for row in rows}


async def untold(connection: AsyncConnection, event_ids: Sequence[UUID]) -> set[UUID]:
    """Return which of these events are still to be told, as far as this database knows."""
    return set((await connection.execute(_UNTOLD, {"event_ids": list(event_ids)})).scalars())


async def assign(connection: AsyncConnection) -> int:
    """Number the oldest unnumbered rows, contiguously per partition; return how many. Only the leader may do it."""
    return int((await connection.execute(_ASSIGN, {"limit": ASSIGN_LIMIT})).scalar_one())


async def unacknowledged(connection: AsyncConnection, *, max_bytes: int = SEND_BYTES) -> list[Row[Any]]:
    """Return numbered rows that the broker has not acknowledged, in order, to about `max_bytes` of each partition."""
    return list(await connection.execute(_UNACKNOWLEDGED, {"limit": ASSIGN_LIMIT, "max_bytes": max_bytes}))


async def note_withheld(connection: AsyncConnection, sent: Sequence[Row[Any]], withheld: Collection[int]) -> None:
    """Note which of these rows the broker has without their bodies, before it is noted that it has them."""
    changed = [row.id for row in sent if row.withheld != (row.id in withheld)]
    if changed:
        await connection.execute(_WITHHELD, {"changed": changed, "withheld": sorted(withheld)})


async def mark_acknowledged(connection: AsyncConnection, sent: Sequence[Row[Any]]) -> bool:
    """Note that the broker has these rows; return whether it has all that were numbered when they were read.

    A partition that is to be sent from elsewhere by now stays as it is.
    """
    last = {row.partition_no: row for row in sent}
    parameters = {
        "partitions": list(last),
        "epochs": [row.epoch for row in last.values()],
        "sent_before": [row.sent_before for row in last.values()],
        "sequences": [row.sequence for row in last.values()],
    }
    marked = (await connection.execute(_MARK, parameters)).rowcount == len(last)
    return marked and all(row.sequence == row.last_sequence for row in last.values())


async def send_behind(connection: AsyncConnection, sequences: Mapping[int, int]) -> None:
    """Let be sent again, by partition, what comes after this sequence."""
    await connection.execute(_LOWER, {"partitions": list(sequences), "sequences": list(sequences.values())})


async def send_again(connection: AsyncConnection, partition_no: int, sequence: int) -> int:
    """Let what was acknowledged be sent from `sequence` on once more; return how many rows, 0 where it cannot."""
    rows = await connection.execute(_SEND_AGAIN, {"partition_no": partition_no, "sequence": sequence})
    return int(rows.scalar_one_or_none() or 0)


async def oldest_waiting_seconds(connection: AsyncConnection) -> float:
    """Return the age of the oldest row that the broker does not have yet; 0 when there is none."""
    return float((await connection.execute(_AGE)).scalar_one() or 0)
