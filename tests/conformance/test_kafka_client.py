"""What a Kafka client behind our port must do, whichever it is (platform P4, faults 1.1-1.3, 2.6-2.13)."""

import asyncio
import os

import pytest
from aiokafka import AIOKafkaProducer

from shared.messaging.kafka import KafkaAway, TooLarge
from shared.messaging.topic_reader import TopicReader
from tests.conformance.trial import PARTITIONS, Trial

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="package")]

_AT_ONCE_SECONDS = 30
"""Several times the deadlines that the trial sets, far below for ever."""


def _bodies(count: int) -> list[bytes]:
    return [b"%d" % number for number in range(count)]


async def test_what_is_sent_arrives_as_it_is_and_in_order(trial: Trial) -> None:
    """P4: key, headers and body byte for byte, a tombstone too, in the order of sending within each partition."""
    producer = await trial.producer()
    sent = [trial.record(body, partition_no=number % PARTITIONS) for number, body in enumerate(_bodies(400))]
    sent.append(trial.record(None))
    await producer.send(sent[:150])
    await producer.send(sent[150:])
    for (_, partition_no), found in (await trial.read_all()).items():
        wanted = [each for each in sent if each.partition_no == partition_no]
        assert [each.offset for each in found] == list(range(len(wanted)))
        assert [(each.key, each.body, list(each.headers)) for each in found] == [
            (each.key, each.body, each.headers) for each in wanted
        ]


async def test_send_returns_when_the_broker_has_everything(trial: Trial) -> None:
    """P4: what is marked as acknowledged after `send` is in the log."""
    producer, consumer = await trial.producer(), await trial.consumer()
    await producer.send([trial.record(body) for body in _bodies(50)])
    assert await consumer.ends([(trial.topic, 0)]) == {(trial.topic, 0): 50}


async def test_a_record_that_the_broker_refuses_is_an_error(trial: Trial) -> None:
    """Faults 2.19: never a silent loss, and told apart from a broker that is away."""
    producer = await trial.producer()
    with pytest.raises(TooLarge):
        await producer.send([trial.record(os.urandom(3_000_000))])
    assert (await trial.read_all())[trial.topic, 0] == []


async def test_sending_to_a_silent_broker_ends(trial: Trial) -> None:
    """Faults 1.2, 2.6: a deadline of our own; some clients try for ever."""
    producer = await trial.producer()
    trial.proxy.blackhole()
    async with asyncio.timeout(_AT_ONCE_SECONDS):
        with pytest.raises(KafkaAway):
            await producer.send([trial.record(b"late")])


async def test_a_dropped_producer_sends_nothing_more(trial: Trial) -> None:
    """P4: after a failure another one starts at the first unacknowledged row; the old one must not speak again."""
    producer = await trial.producer()
    trial.proxy.blackhole()
    sending = asyncio.create_task(producer.send([trial.record(b"given up")]))
    await asyncio.sleep(0.5)
    async with asyncio.timeout(_AT_ONCE_SECONDS):
        await producer.drop()
        with pytest.raises(KafkaAway):
            await sending
    trial.proxy.reset()  # what lies in the silent connection is lost, as with a cable that was pulled
    await trial.proxy.heal()
    successor = await trial.producer()
    await successor.send([trial.record(b"first"), trial.record(b"second")])
    assert [each.body for each in (await trial.read_all())[(trial.topic, 0)]] == [b"first", b"second"]


async def test_a_new_group_begins_at_the_earliest_record(trial: Trial) -> None:
    """Faults 2.25: a group that Kafka does not know must not start at the end."""
    producer = await trial.producer()
    await producer.send([trial.record(body, partition_no=int(body) % PARTITIONS) for body in _bodies(8)])
    found = await trial.arrive(await trial.consumer(), 8)
    assert sorted(int(each.body or b"") for records in found.values() for each in records) == list(range(8))


async def test_it_reads_on_from_where_it_is_sent(trial: Trial) -> None:
    """P4: stored positions lead, also backward; what was committed to Kafka does not."""
    producer, consumer = await trial.producer(), await trial.consumer()
    place = (trial.topic, 0)
    await producer.send([trial.record(body) for body in _bodies(10)])
    await trial.arrive(consumer, 10)
    await consumer.commit({place: 10})
    consumer.seek(place, 7)
    assert [each.offset for each in (await trial.arrive(consumer, 3))[place]] == [7, 8, 9]


async def test_a_partition_held_by_another_is_not_moved(trial: Trial) -> None:
    """Faults 2.11: a rebalance may take a partition away at any moment; seek, pause and resume then do nothing."""
    consumer = await trial.consumer()
    stranger = (trial.topic, PARTITIONS + 5)
    consumer.seek(stranger, 3)
    consumer.pause([stranger])
    consumer.resume([stranger])
    assert consumer.paused() == frozenset()


async def test_what_is_paused_waits_and_loses_nothing(trial: Trial) -> None:
    """P4, back-pressure: others go on meanwhile."""
    producer, consumer = await trial.producer(), await trial.consumer()
    await trial.until_assigned(consumer)
    held_back, free = (trial.topic, 0), (trial.topic, 1)
    consumer.pause([held_back])
    assert consumer.paused() == {held_back}
    await producer.send([trial.record(body, partition_no=number) for body in _bodies(5) for number in (0, 1)])
    assert set(await trial.arrive(consumer, 5)) == {free}
    consumer.resume([held_back])
    assert [each.offset for each in (await trial.arrive(consumer, 5))[held_back]] == [0, 1, 2, 3, 4]


async def test_one_fetch_is_bounded_and_an_empty_one_returns(trial: Trial) -> None:
    """Faults 2.52: memory is bounded by what one fetch may bring."""
    producer, consumer = await trial.producer(), await trial.consumer()
    assert await consumer.fetch(seconds=0.2) == {}
    most = trial.client.MAX_RECORDS
    await producer.send([trial.record(body) for body in _bodies(most + 10)])
    async with asyncio.timeout(_AT_ONCE_SECONDS):
        while not (found := await consumer.fetch(seconds=0.5)):
            pass
    assert 0 < sum(map(len, found.values())) <= most


async def test_members_share_partitions_by_number(trial: Trial) -> None:
    """P4, P5: whoever holds partition p of one topic holds p of all; between them they hold everything once."""
    group = "shared-by-two"
    first, second = [await trial.consumer(group=group, instance=name) for name in ("one", "two")]
    for held in await trial.until_assigned(first, second):
        by_topic = [{number for topic, number in held if topic == each} for each in trial.topics]
        assert by_topic[0] == by_topic[1]


async def test_a_restarted_member_takes_its_own_place(trial: Trial) -> None:
    """Decision 3, faults 2.13: the broker knows it by its name, and waits for no former self to be given up."""
    group = "restarted"
    stays, former = [await trial.consumer(group=group, instance=name) for name in ("one", "two")]
    before = await trial.until_assigned(stays, former)
    await former.drop()
    again = await trial.consumer(group=group, instance="two")
    assert await trial.until_assigned(stays, again) == before
    assert await trial.members(group) == 2


async def test_a_silent_broker_holds_up_no_consumer(trial: Trial) -> None:
    """Faults 1.2, 2.6: fetch, ends and commit come back, with KafkaAway or with nothing."""
    consumer = await trial.consumer()
    await trial.until_assigned(consumer)
    trial.proxy.blackhole()
    place = (trial.topic, 0)
    async with asyncio.timeout(3 * _AT_ONCE_SECONDS):
        for ask in (consumer.ends([place]), consumer.commit({place: 0})):
            with pytest.raises(KafkaAway):
                await ask
        try:
            assert await consumer.fetch(seconds=0.5) == {}
        except KafkaAway:
            pass  # as good: the owner drops the client either way
        await consumer.drop()


async def test_what_was_sent_ahead_of_a_refused_record_is_there_and_nothing_behind_it(trial: Trial) -> None:
    """P4, faults 2.19: what follows a refused record must not be in the log before it."""
    producer = await trial.producer()
    with pytest.raises(TooLarge):
        await producer.send([trial.record(b"ahead"), trial.record(os.urandom(3_000_000)), trial.record(b"behind")])
    assert b"behind" not in [each.body for each in (await trial.read_all())[trial.topic, 0]]


async def test_offsets_say_where_each_record_landed(trial: Trial) -> None:
    """Faults 2.25: by them a relay notices a topic that was made anew."""
    producer = await trial.producer()
    first = await producer.send([trial.record(body, partition_no=number) for body in _bodies(3) for number in (0, 2)])
    second = await producer.send([trial.record(b"next")])
    assert (first, second) == ([0, 0, 1, 1, 2, 2], [3])


async def test_the_last_records_of_each_partition_are_found(trial: Trial) -> None:
    """P4: what a relay compares with its database before it publishes."""
    producer = await trial.producer()
    await producer.send([trial.record(body, partition_no=number) for body in _bodies(3) for number in (0, 2)])
    reader = TopicReader(trial.bootstrap, trial.topic, client=trial.client.StreamConsumer)
    await reader.start()
    try:
        tails = await reader.tails(2)
    finally:
        await reader.close()
    assert {number: [record.body for record in tail] for (_, number), tail in tails.items()} == {
        0: [b"1", b"2"],
        1: [],
        2: [b"1", b"2"],
        3: [],
    }


async def test_the_end_of_a_transaction_is_reached_as_a_record_without_anything(trial: Trial) -> None:
    """P4: it takes up an offset and is no record; whoever reads to the end would wait for it for ever."""
    stranger = AIOKafkaProducer(bootstrap_servers=trial.bootstrap, transactional_id=trial.prefix)
    await stranger.start()
    async with stranger.transaction():
        await stranger.send_and_wait(trial.topic, b"strange", partition=0)
    await stranger.stop()
    consumer = await trial.consumer()
    await trial.until_assigned(consumer)
    for at in (0, 1):
        consumer.seek((trial.topic, 0), at)
        found = (await trial.arrive(consumer, 2 - at))[trial.topic, 0]
        assert [(each.offset, each.body) for each in found] == [(0, b"strange"), (1, None)][at:]
    assert [each.offset for each in (await trial.read_all())[trial.topic, 0]] == [0, 1]
