"""Reads a topic from wherever it is told to, outside of any group: for a relay's first look, commands, the checker."""

from collections.abc import AsyncIterator

from shared.messaging.kafka import StreamConsumer
from shared.messaging.records import KafkaAway, Place, Record

FETCH_SECONDS = 5


class TopicReader:
    """All partitions of a topic, through a consumer of its own."""

    def __init__(self, bootstrap: str, topic: str, *, client: type[StreamConsumer] = StreamConsumer) -> None:
        self._topic = topic
        self._consumer = client(bootstrap, topics=(), group=None)

    async def start(self) -> None:
        """Connect and take all partitions of the topic."""
        await self._consumer.start()
        await self._consumer.take(self._topic)

    @property
    def places(self) -> list[Place]:
        """Return the topic's partitions in order."""
        return sorted(self._consumer.assigned())

    async def ends(self) -> dict[Place, int]:
        """Return the offset that the next record of each partition will get."""
        return await self._consumer.ends(self.places)

    async def tails(self, count: int) -> dict[Place, list[Record]]:
        """Return the last `count` records of each partition, or as many as it has."""
        ends = await self.ends()
        found: dict[Place, list[Record]] = {place: [] for place in ends}
        waiting = {place for place, end in ends.items() if end > 0}
        for place in waiting:
            self._consumer.seek(place, max(ends[place] - count, 0))
        while waiting:
            fetched = await self._consumer.fetch(seconds=FETCH_SECONDS, places=waiting)
            if not fetched:
                msg = f"{self._topic} ends at {ends} but its last records did not come"
                raise KafkaAway(msg)
            for place, records in fetched.items():
                found[place] += [each for each in records if each.offset < ends[place]]
                if records[-1].offset >= ends[place] - 1:
                    waiting.discard(place)
        return found

    async def read_partition(
        self, place: Place, *, start: int = 0, stop: int | None = None
    ) -> AsyncIterator[list[Record]]:
        """Yield what one partition holds from `start` to `stop`, or as it stands now, some records at a time."""
        at, end = start, (await self._consumer.ends([place]))[place] if stop is None else stop
        self._consumer.seek(place, start)
        while at < end:
            fetched = (await self._consumer.fetch(seconds=FETCH_SECONDS, places=[place])).get(place)
            if not fetched:
                msg = f"{place[0]}[{place[1]}] did not deliver what its end promises"
                raise KafkaAway(msg)
            at = fetched[-1].offset + 1
            yield [each for each in fetched if each.offset < end]

    async def read_to_end(self) -> dict[Place, list[Record]]:
        """Return all records of the topic as it stands now; for topics that fit into memory."""
        ends = await self.ends()
        found: dict[Place, list[Record]] = {place: [] for place in ends}
        for place in ends:
            self._consumer.seek(place, 0)
        while any(end > 0 and (not found[place] or found[place][-1].offset < end - 1) for place, end in ends.items()):
            fetched = await self._consumer.fetch(seconds=FETCH_SECONDS)
            if not fetched:
                msg = f"{self._topic} did not deliver what its ends promise"
                raise KafkaAway(msg)
            for place, records in fetched.items():
                found[place] += [each for each in records if each.offset < ends[place]]
        return found

    async def close(self) -> None:
        """Disconnect."""
        await self._consumer.drop()
