"""Finds out whether a service's topic and its database still tell the same story (P4)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
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
        tails = await _tails(bootstrap, topic)
    heads = await stream_store.heads(connection)
    if tails.keys() != heads.keys():
        msg = (
            f"{topic} has {len(tails)} partitions, this database numbers {len(heads)}: a customer's events would leave "
            "their order. Nothing is published; the number changes by moving to a new topic only."
        )
        raise StreamConflict(msg)
    if behind := [tail for number, tail in tails.items() if tail.seems_behind(heads[number])]:
        async with staying(connection):
            tails |= await _with_the_highest(bootstrap, topic, behind)
    ours = await stream_store.events_at(connection, [place for tail in tails.values() for place in tail.places])
    untold = await stream_store.untold(connection, [each.event_id for tail in tails.values() for each in tail.events])
    return [
        Comparison(
            head=heads[partition_no],
            told=tail.last,
            conflict=_told_late(f"{topic}[{partition_no}]", heads[partition_no], tail, untold)
            or _conflict(f"{topic}[{partition_no}]", heads[partition_no], tail, ours),
            next_offset=tail.next_offset,
        )
        for partition_no, tail in sorted(tails.items())
    ]


@dataclass(frozen=True, slots=True)
class _Tail:
    """The last events of a partition, and where it ends; none where it holds none at all."""

    partition_no: int
    events: Sequence[Envelope]
    next_offset: int

    @property
    def last(self) -> Envelope | None:
        """Return the event that is last in the stream; a copy that was sent again may lie behind it."""
        return max(self.events, key=_order, default=None)

    @property
    def places(self) -> list[stream_store.EventPlace]:
        """Return under which numbers the events stand."""
        return [self.place_of(each) for each in self.events]

    def seems_behind(self, head: Head) -> bool:
        """Return whether the broker lost what it had acknowledged, or copies hide the last event.

        In a first epoch whose offsets run as its numbers do, nothing ever came twice.
        """
        if head.acknowledged_sequence == 0 or self.last is None:
            return False
        if self.last.epoch == 1 and self.next_offset <= self.last.sequence:
            return False
        return (self.last.epoch, self.last.sequence) < (head.epoch, head.acknowledged_sequence)

    def place_of(self, event: Envelope) -> stream_store.EventPlace:
        """Return under which number an event stands."""
        return self.partition_no, event.epoch, event.sequence


async def _tails(bootstrap: str, topic: str) -> dict[int, _Tail]:
    reader = TopicReader(bootstrap, topic)
    try:
        await reader.start()
        return {
            place[1]: _Tail(
                place[1],
                _events(tail) or await _before(reader, place, tail),
                tail[-1].offset + 1 if tail else 0,
            )
            for place, tail in (await reader.tails(TAIL_RECORDS)).items()
        }
    finally:
        await reader.close()


async def _with_the_highest(bootstrap: str, topic: str, tails: Sequence[_Tail]) -> dict[int, _Tail]:
    """Return these tails, each with the event that is last in the stream wherever in the partition it lies."""
    reader = TopicReader(bootstrap, topic)
    found = {}
    try:
        await reader.start()
        for tail in tails:
            highest: list[Envelope] = []
            async for records in reader.read_partition((topic, tail.partition_no), stop=tail.next_offset):
                highest = sorted([*highest, *_events(records)], key=_order)[-1:]
            found[tail.partition_no] = replace(tail, events=[*tail.events, *highest])
    finally:
        await reader.close()
    return found


async def _before(reader: TopicReader, place: Place, tail: Sequence[Record]) -> list[Envelope]:
    """Return the last events before this tail, which has none: strangers may write as much as they like."""
    stop, width = tail[0].offset if tail else 0, TAIL_RECORDS
    while stop > 0:
        width *= 8
        start = max(stop - width, 0)
        last: list[Envelope] = []
        async for records in reader.read_partition(place, start=start, stop=stop):
            last = _events(records) or last
        if last:
            return last
        stop = start
    return []


def _order(event: Envelope) -> tuple[int, int]:
    return event.epoch, event.sequence


def _events(records: Sequence[Record]) -> list[Envelope]:
    events = []
    for record in records:
        try:
            events.append(from_headers(record.headers))
        except BadEnvelope:
            continue
    return events


def _told_late(place: str, head: Head, tail: _Tail, untold: Collection[UUID]) -> str | None:
    """Return that somebody went on with an epoch after it had ended, and told what is to be told in the new one."""
    for event in tail.events:
        if event.epoch < head.epoch and event.event_id in untold:
            return (
                f"{place} has event {event.event_id} in epoch {event.epoch}, which has ended: "
                f"a relay that stood still, or a copy, told it late. {_WAY_OUT}"
            )
    return None


def _conflict(place: str, head: Head, tail: _Tail, ours: Mapping[stream_store.EventPlace, UUID]) -> str | None:
    told = tail.last
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
    for event in tail.events:
        known = head.last_event_id if event.sequence == head.sequence else ours.get(tail.place_of(event))
        if event.epoch == head.epoch and known not in (None, event.event_id):
            return (
                f"{place} has event {event.event_id} at sequence {event.sequence}, where this database has {known}: "
                f"it was restored or copied. {_WAY_OUT}"
            )
    return None
