"""What travels through Kafka whichever client carries it: records, their places, and what says that it cannot."""

from collections.abc import Sequence
from dataclasses import dataclass

Place = tuple[str, int]
"""A topic and a partition of it."""


class KafkaAway(ConnectionError):
    """The broker did not answer in time, or refused; the client must be dropped."""


class TooLarge(KafkaAway):
    """The broker takes no record of this size, however often it is sent."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record of a topic; `body` is None for a tombstone."""

    topic: str
    partition_no: int
    offset: int
    headers: Sequence[tuple[str, bytes]]
    body: bytes | None
    key: bytes | None = None
