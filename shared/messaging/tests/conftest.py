"""Gives the messaging tests a toy publisher and consumer on real PostgreSQL and Kafka."""

from collections.abc import AsyncIterator

import pytest

from deploy.local.topics import ensure_topics
from shared.messaging import consumer, relay
from shared.messaging.tests.toy import PARTITIONS, Toy, make_schema
from tests.databases import FreshDatabase


@pytest.fixture
async def toy(fresh_database: FreshDatabase, kafka_bootstrap: str, topic_prefix: str) -> AsyncIterator[Toy]:
    """Two fresh databases and a topic between them; nothing runs yet."""
    await ensure_topics(bootstrap=kafka_bootstrap, prefix=topic_prefix, partitions=PARTITIONS)
    toy = Toy(
        publisher_url=await fresh_database(),
        consumer_url=await fresh_database(),
        bootstrap=kafka_bootstrap,
        prefix=topic_prefix,
    )
    await make_schema(toy.publisher)
    await make_schema(toy.consumer)
    yield toy
    await toy.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let whoever looks now and then look often."""
    monkeypatch.setattr(relay, "RETRY_SECONDS", 0.2)
    monkeypatch.setattr(consumer, "LOOK_AGAIN_SECONDS", 0.2)
    monkeypatch.setattr(consumer, "WATCH_EVERY_SECONDS", 0.2)
