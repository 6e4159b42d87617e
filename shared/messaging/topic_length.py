"""Notices when a topic is not as it was left: made anew, without its tail, or written to by others (faults 2.25)."""

import time
from collections.abc import Awaitable, Callable, Collection, Sequence

from shared.messaging.kafka import Place

LOOK_SECONDS = 0.5


class TopicShrank(ConnectionError):
    """The topic ends before what the broker had acknowledged."""


class TopicLength:
    """Where each partition of a topic ended when it was last seen."""

    def __init__(self, topic: str, ask_ends: Callable[[Collection[Place]], Awaitable[dict[Place, int]]]) -> None:
        self._topic = topic
        self._ask_ends = ask_ends
        self._ends: dict[int, int] = {}
        self._look_at = 0.0
        self.has_others = False
        """Whether somebody else has written to the topic since it was begun: a copy of the database, or a stranger."""

    def begin(self, ends: dict[int, int]) -> None:
        """Take these for the ends, by partition."""
        self._ends, self.has_others = ends, False

    async def look(self) -> bool:
        """Return whether the time had come to look; raise TopicShrank where a partition ends earlier than it did."""
        if time.monotonic() < self._look_at:
            return False
        self._look_at = time.monotonic() + LOOK_SECONDS
        for (_, partition_no), end in (await self._ask_ends([(self._topic, each) for each in self._ends])).items():
            if end < self._ends[partition_no]:
                msg = f"{self._topic}[{partition_no}] ends at offset {end}, and ended at {self._ends[partition_no]}"
                raise TopicShrank(msg)
            self.has_others |= end > self._ends[partition_no]
        return True

    def note(self, landed: Sequence[tuple[int, int]]) -> set[int]:
        """Remember where records landed, as partition and offset; return the partitions that had been longer."""
        shrunk = {number for number, offset in landed if 0 <= offset < self._ends.get(number, 0)}
        for number, offset in landed if not shrunk else ():
            if offset >= 0:
                self.has_others |= offset > self._ends.get(number, offset)
                self._ends[number] = offset + 1
        return shrunk
