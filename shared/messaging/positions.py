"""The consumers' SQL: positions, quarantine, and the days that have come, each locked by its row."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.messaging.envelope import Envelope, from_headers, to_headers
from shared.messaging.kafka import Place, Record
from shared.messaging.sifting import Position

_LOCK = text(
    "SELECT epoch, sequence, next_offset, last_event_id, ended_epoch, ended_sequence FROM stream_position "
    "WHERE topic = :topic AND partition_no = :partition_no FOR UPDATE"
)
_CREATE = text(
    "INSERT INTO stream_position (topic, partition_no) VALUES (:topic, :partition_no) ON CONFLICT DO NOTHING"
)
_SAVE = text(
    "UPDATE stream_position SET epoch = :epoch, sequence = :sequence, next_offset = :next_offset, "
    "last_event_id = :last_event_id, ended_epoch = :ended_epoch, ended_sequence = :ended_sequence, "
    "stopped_at = NULL, stopped_reason = NULL "
    "WHERE topic = :topic AND partition_no = :partition_no"
)
_MOVE = text(_SAVE.text + " AND epoch = :old_epoch AND sequence = :old_sequence AND next_offset = :old_next_offset")
_STOP = text(
    "UPDATE stream_position SET stopped_at = coalesce(stopped_at, now()), stopped_reason = :reason "
    "WHERE topic = :topic AND partition_no = :partition_no"
)
_ALL = text(
    "SELECT topic, partition_no, next_offset, stopped_reason, epoch FROM stream_position "
    "WHERE topic = ANY(CAST(:topics AS text[]))"
)
_READING = (
    "SELECT topic, partition_no, epoch, sequence, next_offset, last_event_id, stopped_at, stopped_reason "
    "FROM stream_position "
)
_READINGS = text(_READING + "WHERE topic = ANY(CAST(:topics AS text[])) ORDER BY topic, partition_no")
_LOCKED_READING = text(_READING + "WHERE topic = :topic AND partition_no = :partition_no FOR UPDATE")
_READ_FROM = text(
    "UPDATE stream_position SET next_offset = :next_offset WHERE topic = :topic AND partition_no = :partition_no"
)
_QUARANTINE = text(
    "INSERT INTO quarantine (topic, partition_no, record_offset, headers, body, reason) "
    "VALUES (:topic, :partition_no, :record_offset, CAST(:headers AS jsonb), :body, :reason) ON CONFLICT DO NOTHING"
)
_DAY = text(
    "SELECT day, work_day, work_marker, worked_at IS NOT NULL AS worked FROM day_seen "
    "WHERE partition_no = :partition_no"
)
_LOCK_DAY = text(_DAY.text + " FOR UPDATE")
_SHARE_DAY = text(_DAY.text + " FOR SHARE")
_SEE_DAY = text(
    "INSERT INTO day_seen (partition_no, day) VALUES (:partition_no, :day) "
    "ON CONFLICT (partition_no) DO UPDATE SET day = greatest(day_seen.day, excluded.day)"
)
_BEGIN_WORK = text(
    "INSERT INTO day_seen (partition_no, work_day, work_marker) VALUES (:partition_no, :day, CAST(:marker AS jsonb)) "
    "ON CONFLICT (partition_no) DO UPDATE "
    "SET work_day = excluded.work_day, work_marker = excluded.work_marker, worked_at = NULL"
)
_END_WORK = text("UPDATE day_seen SET worked_at = now() WHERE partition_no = :partition_no")


@dataclass(frozen=True, slots=True)
class DaySeen:
    """What one partition knows of the days: the ledger's latest, and the one being worked or worked last."""

    day: date | None = None
    work_day: date | None = None
    marker: Envelope | None = None
    worked: bool = True

    @property
    def pending(self) -> bool:
        """Return whether a day has come and is not worked to its end."""
        return self.work_day is not None and not self.worked


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a partition stands as stored: the offset to be read next, why it is stopped if it is, and its epoch."""

    next_offset: int
    stopped_reason: str | None
    epoch: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """How far one partition of a topic is applied, as people are shown it."""

    topic: str
    partition_no: int
    epoch: int
    sequence: int
    next_offset: int
    last_event_id: UUID | None
    stopped_at: datetime | None
    stopped_reason: str | None


async def lock(connection: AsyncConnection, place: Place) -> Position:
    """Lock and return the position of `place`, creating it at the very beginning."""
    parameters = {"topic": place[0], "partition_no": place[1]}
    row = (await connection.execute(_LOCK, parameters)).one_or_none()
    if row is None:
        await connection.execute(_CREATE, parameters)
        row = (await connection.execute(_LOCK, parameters)).one()
    return Position(*row)


async def save(connection: AsyncConnection, place: Place, position: Position) -> None:
    """Store the position, in the transaction of the effects that lead to it; a stopped partition runs again."""
    await connection.execute(_SAVE, _parameters(place, position))


async def move(connection: AsyncConnection, place: Place, before: Position, after: Position) -> bool:
    """Store `after` where `before` is stored; return whether it was."""
    old = {"old_epoch": before.epoch, "old_sequence": before.sequence, "old_next_offset": before.next_offset}
    return (await connection.execute(_MOVE, _parameters(place, after) | old)).rowcount == 1


async def stop(connection: AsyncConnection, place: Place, reason: str) -> None:
    """Note that `place` stands still until its stream is whole again, and why."""
    await connection.execute(_STOP, {"topic": place[0], "partition_no": place[1], "reason": reason})


async def standings(connection: AsyncConnection, topics: Collection[str]) -> dict[Place, Standing]:
    """Return where all partitions of `topics` stand."""
    rows = await connection.execute(_ALL, {"topics": list(topics)})
    return {(row.topic, row.partition_no): Standing(row.next_offset, row.stopped_reason, row.epoch) for row in rows}


async def readings(connection: AsyncConnection, topics: Collection[str]) -> list[Reading]:
    """Return all positions on `topics`, by topic and partition."""
    return [Reading(*row) for row in await connection.execute(_READINGS, {"topics": list(topics)})]


async def locked_reading(connection: AsyncConnection, place: Place) -> Reading | None:
    """Lock and return the position of `place`, None where nothing was ever read."""
    row = (await connection.execute(_LOCKED_READING, {"topic": place[0], "partition_no": place[1]})).one_or_none()
    return None if row is None else Reading(*row)


async def read_from(connection: AsyncConnection, place: Place, offset: int) -> None:
    """Store where `place` is read next; what is applied stays as it is, and so does the reason why it stands still."""
    await connection.execute(_READ_FROM, {"topic": place[0], "partition_no": place[1], "next_offset": offset})


async def quarantine(connection: AsyncConnection, unreadable: Sequence[tuple[Record, str]]) -> None:
    """Keep records without a valid envelope, byte for byte, with the reason."""
    for record, reason in unreadable:
        headers = json.dumps(
            [(_shown(name), _shown((value or b"").decode("latin-1"))) for name, value in record.headers]
        )
        await connection.execute(
            _QUARANTINE,
            {
                "topic": record.topic,
                "partition_no": record.partition_no,
                "record_offset": record.offset,
                "headers": headers,
                "body": record.body,
                "reason": reason,
            },
        )


def _shown(text: str) -> str:
    """Return bytes read as latin-1 as JSON text in PostgreSQL holds them: without NUL, and to be read back exactly."""
    return text.replace("\\", "\\\\").replace("\x00", "\\0")


async def read_day(connection: AsyncConnection, partition_no: int, *, lock_it: bool = False) -> DaySeen:
    """Return what the partition knows of the days; with `lock_it` hold it against others who work the same day."""
    return await _read_day(connection, partition_no, _LOCK_DAY if lock_it else _DAY)


async def share_day(connection: AsyncConnection, partition_no: int) -> DaySeen:
    """Return what the partition knows of the days, and let none come or be worked before this transaction ends.

    Another worker may hold the topic that brings days: whoever is parked here must be seen by the day that comes there.
    """
    return await _read_day(connection, partition_no, _SHARE_DAY)


async def _read_day(connection: AsyncConnection, partition_no: int, statement: TextClause) -> DaySeen:
    row = (await connection.execute(statement, {"partition_no": partition_no})).one_or_none()
    if row is None:
        return DaySeen()
    marker = None if row.work_marker is None else from_pairs(row.work_marker)
    return DaySeen(row.day, row.work_day, marker, row.worked)


async def see_day(connection: AsyncConnection, partition_no: int, day: date) -> None:
    """Note that the ledger's marker of `day` was read in this partition."""
    await connection.execute(_SEE_DAY, {"partition_no": partition_no, "day": day})


async def begin_work(connection: AsyncConnection, partition_no: int, day: date, marker: Envelope) -> None:
    """Note that the work of `day` may begin in this partition."""
    parameters = {"partition_no": partition_no, "day": day, "marker": json.dumps(to_pairs(marker))}
    await connection.execute(_BEGIN_WORK, parameters)


async def end_work(connection: AsyncConnection, partition_no: int) -> None:
    """Note that the day is worked to its end in this partition."""
    await connection.execute(_END_WORK, {"partition_no": partition_no})


def to_pairs(envelope: Envelope) -> list[tuple[str, str]]:
    """Return the envelope's headers as text, for a jsonb column."""
    return [(name, value.decode()) for name, value in to_headers(envelope)]


def from_pairs(stored: Sequence[Sequence[str]]) -> Envelope:
    """Return the envelope whose headers a jsonb column holds."""
    return from_headers([(name, value.encode()) for name, value in stored])


def _parameters(place: Place, position: Position) -> dict[str, Any]:
    return {
        "topic": place[0],
        "partition_no": place[1],
        "epoch": position.epoch,
        "sequence": position.sequence,
        "next_offset": position.next_offset,
        "last_event_id": position.last_event_id,
        "ended_epoch": position.ended_epoch,
        "ended_sequence": position.ended_sequence,
    }
