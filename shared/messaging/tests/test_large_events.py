"""Events larger than the limit: refused where they are written, and passed by where they were written all the same."""

import asyncio
import os
from collections.abc import Sequence

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from prometheus_client import REGISTRY
from sqlalchemy import text

from shared.ids import customer_id_of
from shared.messaging import outbox, pruning, sending
from shared.messaging.envelope import Envelope, from_headers
from shared.messaging.kafka import Record, StreamProducer, TooLarge
from shared.messaging.outbox import EventTooLarge
from shared.messaging.tests.topic import numbers_of, own_stream
from shared.messaging.tests.toy import Toy, customers_in, settled
from shared.messaging.topic_reader import TopicReader

_TWO_MEGABYTES_NEARLY = 1_900_000
_SMALL_LIMIT, _USUAL_LIMIT = 20_000, 2_000_000
_TRIES_OF_A_ROUND = 3  # with the others, alone, and without its body


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
        async with stranger, asyncio.timeout(60):
            await stranger.send_and_wait(toy.topic, b"x" * _TWO_MEGABYTES_NEARLY, partition=0)
        await toy.publish(settled(customer, "N-2"))
        await toy.until("SELECT count(*) FROM effect", 2)
    [(size,)] = await toy.ask("SELECT length(body) FROM quarantine")
    assert size == _TWO_MEGABYTES_NEARLY


async def _limit(toy: Toy, max_bytes: int) -> None:
    """Let the broker take no batch of the topic that is larger."""
    admin = AIOKafkaAdminClient(bootstrap_servers=toy.bootstrap)
    await admin.start()
    topic = ConfigResource(ConfigResourceType.TOPIC, toy.topic, configs={"max.message.bytes": str(max_bytes)})
    await admin.alter_configs([topic])
    async with asyncio.timeout(60):
        while await _known_limit(admin, toy.topic) != max_bytes:  # the broker hears of it a moment later
            await asyncio.sleep(0.05)
    await admin.close()


async def _known_limit(admin: AIOKafkaAdminClient, topic: str) -> int:
    [answer] = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    *_, entries = answer.resources[0]
    return next(int(value) for name, value, *_ in entries if name == "max.message.bytes")


async def _swell(toy: Toy, subject: str) -> None:
    """Let the row of this event be one that was written when the limit was higher; no compression makes it small."""
    padding = os.urandom(_SMALL_LIMIT).hex()
    async with toy.publisher.begin() as connection:
        await connection.execute(
            text("UPDATE outbox SET body = rtrim(body, '}') || :rest WHERE subject = :subject"),
            {"rest": f',"padding":"{padding}"}}', "subject": subject},
        )


async def _envelopes(toy: Toy, partition_no: int) -> list[Envelope]:
    reader = TopicReader(toy.bootstrap, toy.topic)
    await reader.start()
    records = (await reader.read_to_end())[toy.topic, partition_no]
    await reader.close()
    return [from_headers(record.headers) for record in records]


async def test_row_19_of_an_old_row_that_the_broker_refuses_its_place_is_kept(toy: Toy) -> None:
    """Faults 2.19: its customer is parked, whoever else is in the partition goes on, and no number is missing."""
    large, other = customers_in(0, 2)
    await _limit(toy, _SMALL_LIMIT)
    # More than one batch of small ones on either side: none of those behind may come before the large one's place.
    await toy.publish(*(settled(other, f"before-{n}") for n in range(300)), settled(large, "L-1"))
    await toy.publish(settled(large, "L-2"), settled(large, "L-3"), *(settled(other, f"after-{n}") for n in range(300)))
    await toy.publish(settled(customers_in(1, 1)[0], "elsewhere"))
    await _swell(toy, "L-2")
    async with toy.running():
        await toy.until("SELECT count(*) FROM effect", 602)
        await toy.until("SELECT count(*) FROM parked_item", 2)
    assert [each.split()[-1] for each in await toy.effects(large)] == ["L-1"]
    [(cause,)] = await toy.ask("SELECT cause FROM parked_item WHERE cause IS NOT NULL")
    assert "more than the broker takes" in cause
    numbers = list(dict.fromkeys(each.sequence for each in await _envelopes(toy, 0)))
    assert numbers == list(range(1, 604))
    assert REGISTRY.get_sample_value("dueflow_events_withheld_total", {"topic": toy.topic}) == 1


async def test_row_19_what_was_withheld_takes_effect_in_its_place_when_it_comes_whole(toy: Toy) -> None:
    """Faults 2.19: the limit is raised, the row sent again under its number, and the customer released."""
    large = customers_in(0, 1)[0]
    await _limit(toy, _SMALL_LIMIT)
    await toy.publish(*(settled(large, f"W-{n}") for n in range(1, 4)))
    await _swell(toy, "W-2")
    async with toy.running():
        await toy.until("SELECT count(*) FROM parked_item", 2)
    refused = await toy.parking.release(customer_id_of(large), actor="clerk")
    assert refused.cause is not None
    assert "withheld" in refused.cause
    await _limit(toy, _USUAL_LIMIT)
    async with toy.publisher.begin() as connection:
        await connection.execute(text("UPDATE stream_head SET acknowledged_sequence = 0"))
    async with toy.running():
        await toy.until("SELECT count(*) FROM parked_item WHERE body = ''", 0)
    assert (await toy.parking.release(customer_id_of(large), actor="clerk")).applied == 2
    assert [each.split()[-1] for each in await toy.effects(large)] == ["W-1", "W-2", "W-3"]
    assert {each.event_id for each in await _envelopes(toy, 0) if each.withheld_bytes} < {
        each.event_id for each in await _envelopes(toy, 0) if not each.withheld_bytes
    }


async def test_row_19_what_was_withheld_is_kept_until_it_is_told_whole(toy: Toy) -> None:
    """Faults 2.19: its body is nowhere else, however long nobody raises the limit; then it may go as all others."""
    large = customers_in(0, 1)[0]
    await _limit(toy, _SMALL_LIMIT)
    await toy.publish(*(settled(large, f"V-{n}") for n in range(1, 5)))
    await _swell(toy, "V-2")
    async with toy.running():
        await toy.until("SELECT count(*) FROM parked_item", 3)
    assert await _kept_after_weeks(toy) == ["V-2", "V-4"]
    await _limit(toy, _USUAL_LIMIT)
    assert await own_stream(toy).send_again(0, 2, actor="clerk") == 3
    async with toy.running():
        await toy.until("SELECT count(*) FROM parked_item WHERE body = ''", 0)
    assert (await toy.parking.release(customer_id_of(large), actor="clerk")).applied == 3
    assert await numbers_of(toy, large) == [f"V-{n}" for n in range(1, 5)]
    assert await _kept_after_weeks(toy) == ["V-4"]


async def _kept_after_weeks(toy: Toy) -> list[str]:
    async with toy.publisher.begin() as connection:
        await connection.execute(text("DELETE FROM acknowledged_mark"))
        await pruning.prune(connection)
        await connection.execute(text("UPDATE acknowledged_mark SET noted_at = noted_at - interval '15 days'"))
        await pruning.prune(connection)
        rows = await connection.execute(text("SELECT subject FROM outbox WHERE partition_no = 0 ORDER BY id"))
        return list(rows.scalars())


async def test_row_19_a_broker_that_takes_not_even_the_envelope_is_waited_for(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Faults 2.19: then nothing can keep the place; the relay tries again until the limit is put right."""
    refused: list[str] = []

    class Told(StreamProducer):
        async def send(self, records: Sequence[Record]) -> list[int]:
            try:
                return await super().send(records)
            except TooLarge as error:
                refused.append(str(error))
                raise

    monkeypatch.setattr(sending, "StreamProducer", Told)
    await _limit(toy, 100)
    published = 0
    async with toy.running(), asyncio.timeout(60):
        while len(refused) <= _TRIES_OF_A_ROUND:
            if not refused:
                await toy.publish(settled(customers_in(0, 1)[0], f"Q-{published}"))
                published += 1
            await asyncio.sleep(0.1)
    await _limit(toy, _USUAL_LIMIT)
    async with toy.running():
        await toy.until("SELECT count(*) FROM effect", published)
