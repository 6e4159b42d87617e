"""Deletes outbox rows 14 days after the broker acknowledged them, by marks of how far it had come by when (P4).

When a row was recorded says nothing of that: it may have waited for the broker for weeks, or a new epoch may have taken
it over from the topic just now, so that what is made again is not told again.
"""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

PRUNE_LIMIT = 5_000
PRUNE_AFTER_DAYS = 14

_NOTE = text(
    """
    INSERT INTO acknowledged_mark (partition_no, epoch, sequence)
    SELECT h.partition_no, h.epoch, h.acknowledged_sequence FROM stream_head AS h
    WHERE NOT EXISTS (SELECT FROM acknowledged_mark AS m
                      WHERE m.partition_no = h.partition_no AND m.noted_at > now() - interval '1 hour')
    """
)
_OLD_ENOUGH = """
    SELECT DISTINCT ON (partition_no) partition_no, epoch, sequence, noted_at FROM acknowledged_mark
    WHERE noted_at <= now() - make_interval(days => :days) ORDER BY partition_no, noted_at DESC
"""
_FORGET = text(
    f"""
    DELETE FROM acknowledged_mark AS m USING ({_OLD_ENOUGH}) AS last
    WHERE m.partition_no = last.partition_no AND m.noted_at < last.noted_at
    """
)
_PRUNE = text(
    f"""
    DELETE FROM outbox WHERE id IN (
        SELECT o.id FROM ({_OLD_ENOUGH}) AS m JOIN stream_head AS h USING (partition_no) CROSS JOIN LATERAL (
            SELECT r.id FROM outbox AS r
            WHERE r.partition_no = m.partition_no AND NOT r.withheld
              AND (r.epoch, r.sequence) < (m.epoch, m.sequence)
              AND (r.epoch, r.sequence) < (h.epoch, h.acknowledged_sequence)
            ORDER BY r.epoch, r.sequence LIMIT :limit
        ) AS o
        LIMIT :limit
    )
    """
)


async def prune(connection: AsyncConnection, *, days: int = PRUNE_AFTER_DAYS) -> bool:
    """Delete rows that the broker has had for `days`, neither the last of a partition nor what was withheld.

    It deletes the oldest few, and returns whether to go on: what a long absence has piled up would not be deleted in
    one statement's time.
    """
    await connection.execute(_NOTE)
    await connection.execute(_FORGET, {"days": days})
    return (await connection.execute(_PRUNE, {"days": days, "limit": PRUNE_LIMIT})).rowcount > PRUNE_LIMIT // 2
