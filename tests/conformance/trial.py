"""One client under trial: it makes producers, consumers and readers, and drops what a test leaves behind."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field
from secrets import token_hex
from types import ModuleType, TracebackType
from typing import Self

from aiokafka.admin import AIOKafkaAdminClient

from shared.messaging.kafka import Place, Record, StreamConsumer, StreamProducer
from shared.messaging.topic_reader import TopicReader
from tests.faults.proxy import Proxy

PARTITIONS = 4
_ARRIVAL_SECONDS = 60


@dataclass
class Trial:
    """`client` is a module with the names of `shared.messaging.kafka`."""

    client: ModuleType
    bootstrap: str
    proxy: Proxy
    prefix: str
    _opened: list[StreamProducer | StreamConsumer] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.proxy.heal()
        await asyncio.gather(*(each.drop() for each in self._opened))

    @property
    def topic(self) -> str:
        """The topic that most tests need."""
        return f"{self.prefix}ledger"

    @property
    def topics(self) -> list[str]:
        """Two topics with as many partitions each."""
        return [self.topic, f"{self.prefix}credit"]

    def record(self, body: bytes | None, *, partition_no: int = 0, topic: str = "") -> Record:
        """Return a record to be sent, with a header of text and one of bytes."""
        headers = [("ce_id", body or b"-"), ("raw", b"\x00\xff")]
        return Record(topic or self.topic, partition_no, -1, headers, body, b"key")

    async def producer(self) -> StreamProducer:
        """Return a producer that is connected."""
        producer: StreamProducer = self.client.StreamProducer(self.bootstrap, client="trial")
        self._opened.append(producer)
        await producer.start()
        return producer

    async def consumer(
        self, *, group: str | None = None, instance: str | None = None, topics: Collection[str] = ()
    ) -> StreamConsumer:
        """Return a consumer that has joined its group."""
        consumer: StreamConsumer = self.client.StreamConsumer(
            self.bootstrap, topics=topics or self.topics, group=group or token_hex(4), instance=instance
        )
        self._opened.append(consumer)
        await consumer.start()
        return consumer

    async def read_all(self) -> dict[Place, list[Record]]:
        """Return what the topic holds."""
        reader = TopicReader(self.bootstrap, self.topic, client=self.client.StreamConsumer)
        await reader.start()
        try:
            return await reader.read_to_end()
        finally:
            await reader.close()

    async def members(self, group: str) -> int:
        """Return how many members the broker counts in a group."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            [answer] = await admin.describe_consumer_groups([group])
        finally:
            await admin.close()
        return len(answer.groups[0][5])

    async def arrive(self, consumer: StreamConsumer, count: int) -> dict[Place, list[Record]]:
        """Return the next `count` records that come, by partition."""
        found: dict[Place, list[Record]] = {}
        async with asyncio.timeout(_ARRIVAL_SECONDS):
            while sum(map(len, found.values())) < count:
                for place, records in (await consumer.fetch(seconds=0.5)).items():
                    found.setdefault(place, []).extend(records)
        return found

    async def until_assigned(self, *consumers: StreamConsumer) -> list[frozenset[Place]]:
        """Return who holds what, once all partitions are given out and nobody lacks any."""
        every = {(topic, number) for topic in self.topics for number in range(PARTITIONS)}
        async with asyncio.timeout(_ARRIVAL_SECONDS):
            while True:
                await asyncio.gather(*(each.fetch(seconds=0.2) for each in consumers))
                held = [each.assigned() for each in consumers]
                if all(held) and sum(map(len, held)) == len(every) and frozenset.union(*held) == every:
                    return held
