"""Shows where a service's reading stands, and leads a partition that stands still back to where its stream goes on.

Safe whatever the offset, because numbers decide what takes effect: what is behind the position is a repeat and skipped,
what does not follow on it is a hole, at which the partition stands still as before.
"""

from collections.abc import Callable, Collection
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.messaging import positions
from shared.messaging.kafka import Place
from shared.messaging.positions import Reading

log = structlog.get_logger(__name__)

Begin = Callable[[], AbstractAsyncContextManager[AsyncConnection]]


class NotRead(LookupError):
    """The service has read nothing of this partition of this topic."""


class NotStopped(RuntimeError):
    """The partition is read as it should be; there is nothing to lead back."""


@dataclass(frozen=True, slots=True)
class Rereading:
    """The positions of one service on the topics that it listens to."""

    begin: Begin
    topics: Collection[str]

    async def readings(self) -> list[Reading]:
        """Return all positions, by topic and partition."""
        async with self.begin() as connection:
            return await positions.readings(connection, self.topics)

    async def read_from(self, place: Place, offset: int, *, actor: str) -> None:
        """Let a partition be read from `offset` when its worker looks again, within some 20 seconds.

        One that is not stopped is only led back: in another order than their numbers, records may lie behind it.
        """
        async with self.begin() as connection:
            reading = await positions.locked_reading(connection, place)
            if reading is None or place[0] not in self.topics:
                msg = "this service has read nothing there"
                raise NotRead(msg)
            if reading.stopped_reason is None and offset >= reading.next_offset:
                msg = "this partition is not stopped, and will come there"
                raise NotStopped(msg)
            await positions.read_from(connection, place, offset)
        log.warning("partition.read_from", topic=place[0], partition=place[1], offset=offset, actor=actor)
