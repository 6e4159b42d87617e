"""Compares what a partition of a topic holds, from its first record on, with what a reader has applied of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from shared.messaging.envelope import BadEnvelope, Envelope, from_headers
from shared.messaging.kafka import Place, Record
from shared.messaging.topic_reader import TopicReader


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a reader is, as its service says."""

    topic: str
    partition_no: int
    epoch: int
    sequence: int
    next_offset: int
    last_event_id: UUID | None
    stopped_reason: str | None

    @staticmethod
    def of(position: Mapping[str, Any]) -> "Standing":
        """Return what `GET /v1/stream-positions` says of one partition."""
        last = position["last_event_id"]
        return Standing(
            topic=position["topic"],
            partition_no=position["partition_no"],
            epoch=position["epoch"],
            sequence=position["sequence"],
            next_offset=position["next_offset"],
            last_event_id=None if last is None else UUID(last),
            stopped_reason=position["stopped_reason"],
        )


@dataclass(frozen=True, slots=True)
class Numbered:
    """A record without its body; `envelope` is None where it holds no event."""

    offset: int
    envelope: Envelope | None


@dataclass(frozen=True, slots=True)
class Found:
    """Of one partition: its records, the events that are applied and that wait, what is none, and where it goes on.

    `gives_up` counts the events that wait and would never take effect from there, because a later epoch begins there.
    """

    records: int
    applied: int
    waiting: int
    strange: int
    end: int
    goes_on_at: int | None
    gives_up: int


async def read_stream(reader: TopicReader, place: Place, *, told: Callable[[int], object]) -> list[Numbered]:
    """Read a partition to its end of now; `told` hears how many records have come each time."""
    stream: list[Numbered] = []
    async for records in reader.read_partition(place):
        stream += [_numbered(record) for record in records]
        told(len(records))
    return stream


def compare(stream: Sequence[Numbered], standing: Standing) -> Found:
    """Return what a reader that stands there has, and will have, of this stream."""
    told = [(each.offset, each.envelope) for each in stream if each.envelope is not None]
    events = {(envelope.epoch, envelope.sequence) for _, envelope in told}
    here = (standing.epoch, standing.sequence)
    applied = sum(place <= here for place in events)
    following = [
        (each.envelope.epoch, each.offset) for each in stream if each.envelope and _follows(each.envelope, standing)
    ]
    # What comes next in this epoch leads on wherever it lies; a later epoch does where it lies, and ends this one.
    epoch, offset = min(following, default=(0, None))
    return Found(
        records=len(stream),
        applied=applied,
        waiting=len(events) - applied,
        strange=sum(each.envelope is None for each in stream),
        end=stream[-1].offset + 1 if stream else 0,
        goes_on_at=offset,
        gives_up=sum(here < place < (epoch, 1) for place in events),
    )


def _numbered(record: Record) -> Numbered:
    try:
        return Numbered(record.offset, from_headers(record.headers))
    except BadEnvelope:
        return Numbered(record.offset, None)


def _follows(envelope: Envelope, standing: Standing) -> bool:
    if envelope.event_id == standing.last_event_id:
        return False
    if envelope.epoch == standing.epoch:
        return envelope.sequence == standing.sequence + 1 and envelope.previous_id == standing.last_event_id
    return envelope.epoch > standing.epoch and envelope.sequence == 1
