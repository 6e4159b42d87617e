"""Asks Kafka where topics end, over a connection of its own, and where in them an epoch begins."""

import asyncio
from collections.abc import Collection

from shared.messaging.envelope import BadEnvelope, from_headers
from shared.messaging.kafka import KafkaAway, Place, Record, StreamConsumer
from shared.messaging.topic_reader import TopicReader


class EndsAsker:
    """Connects at the first question, and anew after a failure.

    A broker answers the requests of one connection in turn: behind a consumer's fetch, which waits up to half a second
    for records, the answer would come as late, and every message that waits for it.
    """

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._client: StreamConsumer | None = None
        self._one_at_a_time = asyncio.Lock()

    async def ends(self, places: Collection[Place]) -> dict[Place, int]:
        """Return, as the broker says now, the offset that the next record of each place will get; or KafkaAway."""
        async with self._one_at_a_time:
            try:
                if self._client is None:
                    self._client = StreamConsumer(self._bootstrap, topics=(), group=None)
                    await self._client.start()
                return await self._client.ends(places)
            except KafkaAway:
                await self.close()
                raise

    async def begins(self, place: Place, epoch: int) -> int:
        """Return the offset of the first event of this epoch or a later one, the end where there is none."""
        reader, at = TopicReader(self._bootstrap, place[0]), 0
        try:
            await reader.start()
            async for records in reader.read_partition(place):
                for record in records:
                    if _epoch_of(record) >= epoch:
                        return record.offset
                    at = record.offset + 1
        finally:
            await reader.close()
        return at

    async def close(self) -> None:
        """Disconnect."""
        client, self._client = self._client, None
        if client is not None:
            await client.drop()


def _epoch_of(record: Record) -> int:
    try:
        return from_headers(record.headers).epoch
    except BadEnvelope:
        return 0
