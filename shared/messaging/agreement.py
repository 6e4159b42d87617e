"""Finds out whether a service's topic and its database still tell the same story (P4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.messaging import stream_store
from shared.messaging.envelope import BadEnvelope, Envelope, from_headers
from shared.messaging.kafka import Place, Record
from shared.messaging.leadership import staying
from shared.messaging.stream_store import Head
from shared.messaging.topic_reader import TopicReader

TAIL_RECORDS = 100
"""So many records at a partition's end are looked at: copies and strangers there do not hide the last event."""

_WAY_OUT = "Nothing is published; follow docs/runbooks/restored-database.md."

log = structlog.get_logger(__name__)


class StreamConflict(RuntimeError):
    """The topic and this database do not fit each other; a person must decide (runbook on restored databases)."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What this database knows of a partition, the last event that the topic has, and why they contradict if they do.

    `next_offset` is where the topic ends.
    """

    head: Head
    told: Envelope | None
    conflict: str | None
    next_offset: int

    @property
    def sequence_in_topic(self) -> int:
        """Return how far the topic is in this database's epoch."""
        return self.told.sequence if self.told is not None and self.told.epoch == self.head.epoch else 0


async def agree_with_topic(connection: AsyncConnection, bootstrap: str, topic: str) -> dict[int, int]:
    """Return where each partition ends once nothing contradicts; note what of it must be sent again.

    Topic ahead, or with another event under our number: the database was restored or copied, raise StreamConflict.
    Topic behind what was acknowledged: the broker lost its tail, so those rows are sent again under their numbers.
    """
    compared = await compare(connection, bootstrap, topic)
    if conflicts := [each.conflict for each in compared if each.conflict]:
        raise StreamConflict(conflicts[0])
    resend = {}
    for each in compared:
        if each.sequence_in_topic < each.head.acknowledged_sequence:
            resend[each.head.partition_no] = each.sequence_in_topic
            log.error(
                "relay.topic_lost_its_tail",
                topic=topic,
                partition=each.head.partition_no,
                seen=each.sequence_in_topic,
                acknowledged=each.head.acknowledged_sequence,
            )
    await stream_store.send_behind(connection, resend)
    return {each.head.partition_no: each.next_offset for each in compared}


async def compare(connection: AsyncConnection, bootstrap: str, topic: str) -> list[Comparison]:
    """Compare each partition's end with what was numbered here.

    Another number of partitions would put customers elsewhere than their history: StreamConflict.
    """
    async with staying(connection):
        ends, told = await _told(bootstrap, topic)
    heads = await stream_store.heads(connection)
    if told.keys() != heads.keys():
        msg = (
            f"{topic} has {len(told)} partitions, this database numbers {len(heads)}: a customer's events would leave "
            "their order. Nothing is published; the number changes by moving to a new topic only."
        )
        raise StreamConflict(msg)
    ours = await stream_store.events_at(connection, _places(heads, told))
    return [
        Comparison(
            head=heads[partition_no],
            told=last,
            conflict=_conflict(f"{topic}[{partition_no}]", heads[partition_no], last, ours.get(partition_no)),
            next_offset=ends[partition_no],
        )
        for partition_no, last in sorted(told.items())
    ]


async def _told(bootstrap: str, topic: str) -> tuple[dict[int, int], dict[int, Envelope | None]]:
    """Return where each partition ends, and the last event that it has, None where it has none."""
    reader = TopicReader(bootstrap, topic)
    try:
        await reader.start()
        tails = await reader.tails(TAIL_RECORDS)
        told = {place[1]: _last_event(tail) or await _before(reader, place, tail) for place, tail in tails.items()}
        return {place[1]: tail[-1].offset + 1 if tail else 0 for place, tail in tails.items()}, told
    finally:
        await reader.close()


async def _before(reader: TopicReader, place: Place, tail: Sequence[Record]) -> Envelope | None:
    """Return the last event before this tail, which has none: strangers may write as much as they like."""
    stop, width = tail[0].offset if tail else 0, TAIL_RECORDS
    while stop > 0:
        width *= 8
        start = max(stop - width, 0)
        last: Envelope | None = None
        async for records in reader.read_partition(place, start=start, stop=stop):
            last = _last_event(records) or last
        if last is not None:
            return last
        stop = start
    return None


def _last_event(tail: Sequence[Record]) -> Envelope | None:
    """Return the event that is last in the stream; a copy that was sent again may lie behind it."""
    events = []
    for record in tail:
        try:
            events.append(from_headers(record.headers))
        except BadEnvelope:
            continue
    return max(events, key=lambda each: (each.epoch, each.sequence), default=None)


def _places(heads: Mapping[int, Head], told: Mapping[int, Envelope | None]) -> dict[int, tuple[int, int]]:
    """Return under which number to look for each partition's last event, where the topic is not ahead."""
    return {
        partition_no: (each.epoch, each.sequence)
        for partition_no, each in told.items()
        if each is not None and each.epoch == heads[partition_no].epoch
    }


def _conflict(place: str, head: Head, told: Envelope | None, ours: UUID | None) -> str | None:
    if told is None:
        return None
    if told.epoch > head.epoch:
        return f"{place} is at epoch {told.epoch}, this database at {head.epoch}: it was restored or copied. {_WAY_OUT}"
    if told.epoch < head.epoch:
        return None
    if told.sequence > head.sequence:
        return (
            f"{place} ends at sequence {told.sequence}, but this database knows {head.sequence}: "
            f"it was restored or copied. {_WAY_OUT}"
        )
    known = head.last_event_id if told.sequence == head.sequence else ours
    if known is not None and known != told.event_id:
        return (
            f"{place} has event {told.event_id} at sequence {told.sequence}, where this database has {known}: "
            f"it was restored or copied. {_WAY_OUT}"
        )
    return None
