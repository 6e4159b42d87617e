"""The topics as they are in Kafka, read to their ends: each partition's events once, in the order of their numbers."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import chain
from uuid import UUID

from shared.messaging.envelope import BadEnvelope, Envelope, from_headers
from shared.messaging.kafka import Place, Record
from shared.messaging.topic_reader import TopicReader


@dataclass(frozen=True, slots=True)
class Told:
    """One event as its topic has it."""

    envelope: Envelope
    offset: int
    body: bytes
    body_sha256: str
    key: bytes | None


@dataclass(slots=True)
class History:
    """One topic by partition: the first copy of each event, where it ends, and what is wrong with the records."""

    service: str
    partitions: dict[int, list[Told]] = field(default_factory=dict)
    unreadable: list[Record] = field(default_factory=list)
    unlike_copies: list[str] = field(default_factory=list)
    holes: list[str] = field(default_factory=list)
    ends: dict[int, int] = field(default_factory=dict)

    def all(self) -> Iterator[Told]:
        """Yield all events, partition after partition."""
        return chain.from_iterable(self.partitions.values())

    def whole(self) -> Iterator[Told]:
        """Yield all events that have their bodies: one that the broker refused has only kept its place."""
        return (each for each in self.all() if each.envelope.withheld_bytes is None)

    def events(self, *wires: str) -> Iterator[Told]:
        """Yield the events of these types, partition after partition."""
        return (each for each in self.whole() if each.envelope.wire in wires)

    def unreadable_offsets(self, partition_no: int) -> list[int]:
        """Return where a partition has records that are no events."""
        return [each.offset for each in self.unreadable if each.partition_no == partition_no]

    def count(self) -> int:
        """Return how many different events there are."""
        return sum(map(len, self.partitions.values()))


async def read_histories(bootstrap: str, *, topic_prefix: str, services: Iterable[str]) -> dict[str, History]:
    """Read the topics of these services, one after the other."""
    return {service: await _read(bootstrap, topic_prefix + service, service) for service in services}


async def _read(bootstrap: str, topic: str, service: str) -> History:
    reader = TopicReader(bootstrap, topic)
    await reader.start()
    try:
        records = await reader.read_to_end()
    finally:
        await reader.close()
    # A thread of its own, here and wherever all topics are worked through: health is asked for meanwhile.
    return await asyncio.to_thread(_history, service, records)


def _history(service: str, records: Mapping[Place, list[Record]]) -> History:
    history = History(service)
    for (_, partition_no), found in sorted(records.items()):
        history.partitions[partition_no] = list(first_copies(history, found))
        history.ends[partition_no] = found[-1].offset + 1 if found else 0
    return history


def first_copies(history: History, records: Sequence[Record]) -> Iterator[Told]:
    """Yield each event once; a repeated number must be a byte-equal copy, a new one must follow the one before."""
    seen: dict[tuple[int, int], Told] = {}
    ids: set[UUID] = set()
    last: Envelope | None = None
    for record, envelope in _readable(history, records):
        told = Told(envelope, record.offset, record.body or b"", sha256(record.body or b"").hexdigest(), record.key)
        number = (envelope.epoch, envelope.sequence)
        if (first := seen.get(number)) is not None:
            if not _is_copy(first, told):
                history.unlike_copies.append(f"{place_of(record)}: event {envelope.event_id}")
            # What was withheld may come whole later.
            seen[number] = told if first.envelope.withheld_bytes is not None else first
            continue
        seen[number] = told
        if envelope.event_id in ids:
            history.unlike_copies.append(f"{place_of(record)}: event {envelope.event_id} under another number")
        ids.add(envelope.event_id)
        if not _follows(last, envelope):
            history.holes.append(f"{place_of(record)}: number {envelope.sequence} after {last.sequence if last else 0}")
        last = envelope
    yield from seen.values()


def _readable(history: History, records: Iterable[Record]) -> Iterator[tuple[Record, Envelope]]:
    for record in records:
        try:
            yield record, from_headers(record.headers)
        except BadEnvelope:
            history.unreadable.append(record)


def _is_copy(first: Told, other: Told) -> bool:
    if (first.envelope.withheld_bytes is None) == (other.envelope.withheld_bytes is None):
        return (first.envelope, first.body_sha256, first.key) == (other.envelope, other.body_sha256, other.key)
    return (replace(first.envelope, withheld_bytes=None), first.key) == (
        replace(other.envelope, withheld_bytes=None),
        other.key,
    )


def place_of(record: Record) -> str:
    """Return where a record lies, for people."""
    return f"{record.topic}/{record.partition_no} offset {record.offset}"


def _follows(last: Envelope | None, envelope: Envelope) -> bool:
    if last is None:
        return envelope.sequence == 1 and envelope.previous_id is None
    if envelope.epoch > last.epoch:
        return True
    return envelope.sequence == last.sequence + 1 and envelope.previous_id == last.event_id
