"""Events larger than the limit: refused where they are written, and passed by where they were written all the same."""

import asyncio

import pytest
from aiokafka import AIOKafkaProducer

from shared.messaging import outbox
from shared.messaging.outbox import EventTooLarge
from shared.messaging.tests.toy import Toy, customers_in, settled

_TWO_MEGABYTES_NEARLY = 1_900_000


async def test_row_19_a_large_event_is_refused_with_its_transaction(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Faults 2.19: what Kafka would refuse is never committed, and the others of the stream go on."""
    monkeypatch.setattr(outbox, "MAX_EVENT_BYTES", 200)
    customer = customers_in(0, 1)[0]
    async with toy.running():
        with pytest.raises(EventTooLarge):
            await toy.publish(settled(customer, "M-1"), settled(customer, "x" * 120))
        await toy.publish(settled(customer, "M-2"))
        await toy.until("SELECT count(*) FROM effect", 1)
    assert [each.split()[-1] for each in await toy.effects(customer)] == ["M-2"]


async def test_row_20_a_large_record_in_the_topic_is_quarantined_and_passed(toy: Toy) -> None:
    """Faults 2.20: larger than a fetch asks for, it is fetched all the same, kept, and stops nobody."""
    customer = customers_in(0, 1)[0]
    stranger = AIOKafkaProducer(bootstrap_servers=toy.bootstrap, max_request_size=2 * _TWO_MEGABYTES_NEARLY)
    async with toy.running():
        await toy.publish(settled(customer, "N-1"))
        await toy.until("SELECT count(*) FROM effect", 1)
        async with stranger, asyncio.timeout(20):
            await stranger.send_and_wait(toy.topic, b"x" * _TWO_MEGABYTES_NEARLY, partition=0)
        await toy.publish(settled(customer, "N-2"))
        await toy.until("SELECT count(*) FROM effect", 2)
    [(size,)] = await toy.ask("SELECT length(body) FROM quarantine")
    assert size == _TWO_MEGABYTES_NEARLY
