"""Finds out whether a service's topic and its database still tell the same story (P4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.messaging import stream_store
from shared.messaging.envelope import BadEnvelope, Envelope, from_headers
from shared.messaging.kafka import Record, TopicReader
from shared.messaging.leadership import staying
from shared.messaging.stream_store import Head

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
        tails = await _tails(bootstrap, topic)
    heads = await stream_store.heads(connection)
    if tails.keys() != heads.keys():
        msg = (
            f"{topic} has {len(tails)} partitions, this database numbers {len(heads)}: a customer's events would leave "
            "their order. Nothing is published; the number changes by moving to a new topic only."
        )
        raise StreamConflict(msg)
    told = {partition_no: _last_event(tail) for partition_no, tail in tails.items()}
    ours = await stream_store.events_at(connection, _places(heads, told))
    return [
        Comparison(
            head=heads[partition_no],
            told=told[partition_no],
            conflict=_conflict(f"{topic}[{partition_no}]", heads[partition_no], tail, ours.get(partition_no)),
            next_offset=tail[-1].offset + 1 if tail else 0,
        )
        for partition_no, tail in sorted(tails.items())
    ]


async def _tails(bootstrap: str, topic: str) -> dict[int, list[Record]]:
    reader = TopicReader(bootstrap, topic)
    try:
        await reader.start()
        return {partition_no: tail for (_, partition_no), tail in (await reader.tails(TAIL_RECORDS)).items()}
    finally:
        await reader.close()


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


def _conflict(place: str, head: Head, tail: Sequence[Record], ours: UUID | None) -> str | None:
    told = _last_event(tail)
    if told is None:
        return f"The last {len(tail)} records of {place} are no events of ours. {_WAY_OUT}" if tail else None
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
