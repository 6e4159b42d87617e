"""Shows how far a service's own stream is numbered and told, and leads it out of a conflict with its topic (P4).

Needed where a database was restored or copied, and where the broker lost what it had acknowledged.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.messaging import new_epoch_store, stream_store
from shared.messaging.agreement import Comparison, compare
from shared.messaging.envelope import BadEnvelope, Envelope, from_headers
from shared.messaging.kafka import Record
from shared.messaging.leadership import LEADER_LOCK
from shared.messaging.rereading import Begin
from shared.messaging.topic_reader import TopicReader

_LOCK_SECONDS = 15
_LOCK_EVERY_SECONDS = 0.05
_REQUEST_SECONDS = 10

log = structlog.get_logger(__name__)


class NothingContradicts(RuntimeError):
    """The topic and the database fit each other: a new epoch would only hide what is wrong elsewhere."""


class NotKept(LookupError):
    """The outbox does not have this event, or never gave its number to the broker."""


@dataclass(frozen=True, slots=True)
class EpochBegun:
    """What a new epoch did to a partition: events found in the topic alone, and rows that will be told in it."""

    partition_no: int
    epoch: int
    taken_over: int
    to_be_told: int


@dataclass(frozen=True, slots=True)
class OwnStream:
    """The stream that a service publishes, as its database and its topic know it.

    `on_new_epoch` lets the service learn from what was taken over, in the same transaction.
    """

    begin: Begin
    bootstrap: str
    topic: str
    wake: Callable[[], Awaitable[None]]
    on_new_epoch: Callable[[AsyncConnection], Awaitable[None]] | None = None

    async def standing(self) -> list[Comparison]:
        """Compare database and topic in each partition; raises KafkaAway, StreamConflict."""
        async with self.begin() as connection:
            return await compare(connection, self.bootstrap, self.topic)

    async def begin_epoch(self, *, actor: str) -> tuple[list[EpochBegun], int]:
        """Begin a new epoch in partitions in which topic and database contradict each other, one after the other.

        What the topic holds and this database does not know is taken over into the outbox, so that it is not told
        again when a handler makes it again. What the topic does not hold gets new numbers. Return what was done in some
        seconds, at least one partition, and how many partitions are left: each is read from its first record.
        """
        conflicts = await self._conflicts()
        begun: list[EpochBegun] = []
        give_over_at = time.monotonic() + _REQUEST_SECONDS
        reader = TopicReader(self.bootstrap, self.topic)
        try:
            await reader.start()
            for each in conflicts:
                begun.append(await self._begin_epoch(reader, each, actor=actor))
                if time.monotonic() >= give_over_at:
                    break
        finally:
            await reader.close()
        await self.wake()
        return begun, len(conflicts) - len(begun)

    async def _conflicts(self) -> list[Comparison]:
        async with self.begin() as connection:
            await self._stand_in_for_the_relay(connection)
            conflicts = [each for each in await compare(connection, self.bootstrap, self.topic) if each.conflict]
        if not conflicts:
            msg = "nothing contradicts: the topic has no event that this database does not know"
            raise NothingContradicts(msg)
        return conflicts

    async def _begin_epoch(self, reader: TopicReader, found: Comparison, *, actor: str) -> EpochBegun:
        async with self.begin() as connection:
            await self._stand_in_for_the_relay(connection)
            if (await stream_store.heads(connection))[found.head.partition_no] != found.head:
                msg = f"somebody else has begun an epoch in partition {found.head.partition_no} meanwhile"
                raise NothingContradicts(msg)
            begun = await self._begin_in(connection, reader, found)
            if self.on_new_epoch is not None:
                await self.on_new_epoch(connection)
        log.warning("stream.new_epoch", topic=self.topic, actor=actor, partition=begun.partition_no, **_told(begun))
        return begun

    async def send_again(self, partition_no: int, sequence: int, *, actor: str) -> int:
        """Let the relay send what it once sent from `sequence` on, within seconds; return how many rows that is."""
        async with self.begin() as connection:
            rows = await stream_store.send_again(connection, partition_no, sequence)
            if not rows:
                msg = f"the outbox has no acknowledged event {sequence} in partition {partition_no}"
                raise NotKept(msg)
        log.warning(
            "stream.send_again", topic=self.topic, actor=actor, partition=partition_no, sequence=sequence, rows=rows
        )
        await self.wake()
        return rows

    async def _stand_in_for_the_relay(self, connection: AsyncConnection) -> None:
        """Hold what makes a relay the leader; one in conflict lets go of it each second, one that publishes never."""
        statement = text("SELECT pg_try_advisory_xact_lock(:key)")
        for _ in range(int(_LOCK_SECONDS / _LOCK_EVERY_SECONDS)):
            if (await connection.execute(statement, {"key": LEADER_LOCK})).scalar_one():
                return
            await asyncio.sleep(_LOCK_EVERY_SECONDS)
        msg = "the relay publishes: it found nothing that contradicts"
        raise NothingContradicts(msg)

    async def _begin_in(self, connection: AsyncConnection, reader: TopicReader, found: Comparison) -> EpochBegun:
        head = found.head
        since = await new_epoch_store.oldest_kept(connection, head.partition_no) or (head.epoch, head.sequence + 1)
        last, ends, taken_over = (0, 0), {head.epoch: 0}, 0
        async for records in reader.read_partition((self.topic, head.partition_no)):
            told = _first_copies(records, after=last)
            taken_over += await new_epoch_store.take_over(connection, head.partition_no, told, since=since)
            ends.update({each.epoch: each.sequence for _, each in told})
            last = max(ends.items())
        await new_epoch_store.free_untold(connection, head.partition_no, last_told=(head.epoch, ends[head.epoch]))
        epoch = max(ends) + 1
        to_be_told = await new_epoch_store.begin_epoch(connection, head.partition_no, epoch)
        return EpochBegun(head.partition_no, epoch, taken_over, to_be_told)


def _first_copies(records: list[Record], *, after: tuple[int, int]) -> list[tuple[Record, Envelope]]:
    """Return the events in their order, as readers take them: without strangers and without what is sent again."""
    found, last = [], after
    for record in records:
        try:
            envelope = from_headers(record.headers)
        except BadEnvelope:
            continue
        if (envelope.epoch, envelope.sequence) > last:
            last = (envelope.epoch, envelope.sequence)
            found.append((record, envelope))
    return found


def _told(begun: EpochBegun) -> dict[str, int]:
    return {"epoch": begun.epoch, "taken_over": begun.taken_over, "to_be_told": begun.to_be_told}
