"""Decides, for records as they arrived, which are next in their stream, which are repeats, and where the stream breaks.

Pure, so that its law can be tested: whatever is repeated, re-read or cut, each event is taken once, in order.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NoReturn
from uuid import UUID

from shared.messaging.envelope import BadEnvelope, Envelope, from_headers
from shared.messaging.kafka import Place, Record


class StreamBroken(RuntimeError):
    """A hole or another history: the partition stands still until its stream is whole."""


def break_off(place: Place, reason: str) -> NoReturn:
    """Raise StreamBroken with the place and the reason."""
    msg = f"{place[0]}[{place[1]}]: {reason}"
    raise StreamBroken(msg)


@dataclass(frozen=True, slots=True)
class Position:
    """How far a consumer has applied one partition of one topic; epoch 0 means nothing yet.

    `ended_epoch` is the one before, and `ended_sequence` how far that was applied: up to there it may come again.
    """

    epoch: int = 0
    sequence: int = 0
    next_offset: int = 0
    last_event_id: UUID | None = None
    ended_epoch: int = 0
    ended_sequence: int = 0

    def after(self, envelope: Envelope, offset: int) -> "Position":
        """Return the position once this event is applied."""
        begins = envelope.epoch != self.epoch
        ended = (self.epoch, self.sequence) if begins else (self.ended_epoch, self.ended_sequence)
        return Position(envelope.epoch, envelope.sequence, offset + 1, envelope.event_id, *ended)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A record that is next in its stream, with its envelope and the position it leads to."""

    record: Record
    envelope: Envelope
    position: Position


@dataclass(slots=True)
class Sifted:
    """What a run of records holds; `broken` says why nothing after the last incoming one may be applied."""

    incoming: list[Incoming] = field(default_factory=list)
    unreadable: list[tuple[Record, str]] = field(default_factory=list)
    repeated: list[tuple[Record, Envelope]] = field(default_factory=list)
    hole: str | None = None
    conflict: str | None = None
    position: Position = field(default_factory=Position)

    @property
    def duplicates(self) -> int:
        """Return how many records were at or below the position."""
        return len(self.repeated)

    @property
    def broken(self) -> str | None:
        """Return why the stream cannot go on here, if it cannot."""
        return self.hole or self.conflict


def sift(position: Position, records: Sequence[Record]) -> Sifted:
    """Walk `records` from `position`; stop at the first hole or sign of another history."""
    found = Sifted(position=position)
    for record in records:
        try:
            envelope = from_headers(record.headers)
        except BadEnvelope as error:
            if record.offset >= found.position.next_offset:
                found.unreadable.append((record, str(error)))
                found.position = replace(found.position, next_offset=record.offset + 1)
            continue
        if _is_repeat(found.position, envelope, record.offset):
            found.repeated.append((record, envelope))
            found.position = replace(found.position, next_offset=max(found.position.next_offset, record.offset + 1))
            continue
        found.conflict = _conflict(found.position, envelope)
        found.hole = None if found.conflict else _hole(found.position, envelope)
        if found.broken:
            break
        found.position = found.position.after(envelope, record.offset)
        found.incoming.append(Incoming(record, envelope, found.position))
    return found


def _is_repeat(position: Position, envelope: Envelope, offset: int) -> bool:
    if envelope.epoch == position.epoch:
        same_place = envelope.sequence == position.sequence
        return envelope.sequence < position.sequence or (same_place and envelope.event_id == position.last_event_id)
    if envelope.epoch == position.ended_epoch and envelope.sequence <= position.ended_sequence:
        return True
    return envelope.epoch < position.epoch and offset < position.next_offset


def _conflict(position: Position, envelope: Envelope) -> str | None:
    place = f"epoch {envelope.epoch}, sequence {envelope.sequence}"
    if envelope.epoch < position.epoch:
        return f"{place} comes after epoch {position.epoch}: an older history goes on"
    if envelope.epoch == position.epoch and envelope.sequence == position.sequence:
        return f"{place} is event {envelope.event_id}, but {position.last_event_id} was applied there"
    follows = envelope.epoch == position.epoch and envelope.sequence == position.sequence + 1
    if follows and envelope.event_id == position.last_event_id:
        return f"{place} is event {envelope.event_id} again, which was applied under the number before"
    if follows and envelope.previous_id != position.last_event_id:
        return f"{place} names {envelope.previous_id} as its predecessor, but {position.last_event_id} was applied"
    return None


def _hole(position: Position, envelope: Envelope) -> str | None:
    expected = position.sequence + 1 if envelope.epoch == position.epoch else 1
    if envelope.sequence == expected:
        return None
    return f"epoch {envelope.epoch}: expected sequence {expected}, found {envelope.sequence}"
