"""The port to Kafka: with unreadable_batches.py all that knows a client, and a deadline around every wait (faults 1.2).

aiokafka retries without end when the broker is away or silent, so nothing here waits longer than it says; what fails is
reported as KafkaAway, and its owner drops the client and makes another.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Collection, Coroutine, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, RecordListTooLargeError

from shared.messaging.gaps import Gaps
from shared.messaging.records import KafkaAway, Place, Record, TooLarge
from shared.messaging.unreadable_batches import pass_over
from shared.tasks import is_canceled

SEND_SECONDS = 10
COMMIT_SECONDS = 10
CONNECT_SECONDS = 15
DROP_SECONDS = 2
FETCH_GRACE_SECONDS = 5
MAX_RECORDS = 2_000

T = TypeVar("T")

# What another client's module must have, to stand here in its place (tests/conformance).
__all__ = ["KafkaAway", "Place", "Record", "StreamConsumer", "StreamProducer", "TooLarge"]


async def within(seconds: float, awaitable: Awaitable[T], doing: str) -> T:
    """Await at most `seconds`; raise KafkaAway when the time is over or the client reports an error."""
    try:
        async with asyncio.timeout(seconds):
            return await awaitable
    except TimeoutError as error:
        msg = f"Kafka did not answer within {seconds:g} s while {doing}"
        raise KafkaAway(msg) from error
    except asyncio.CancelledError as error:
        if is_canceled():
            raise
        # The client cancels what waits inside it when a connection dies; that must not end who waits outside.
        msg = f"Kafka's client gave up while {doing}"
        raise KafkaAway(msg) from error
    except TooLarge:
        raise
    except (KafkaError, OSError) as error:
        msg = f"Kafka failed while {doing}: {type(error).__name__}: {error}"
        raise KafkaAway(msg) from error


async def _end(closing: Coroutine[Any, Any, None]) -> None:
    """Give a part of a client a moment to close; whether it fails or cancels itself on the way is of no interest."""
    task = asyncio.create_task(closing)
    await asyncio.wait({task}, timeout=DROP_SECONDS)
    task.cancel()
    task.add_done_callback(lambda done: done.cancelled() or done.exception())


class StreamProducer:
    """Sends records in order per partition with acks=all, and is thrown away after the first failure."""

    def __init__(self, bootstrap: str, *, client: str) -> None:
        self._client = AIOKafkaProducer(
            bootstrap_servers=bootstrap,
            client_id=client,
            acks="all",
            enable_idempotence=True,
            compression_type="lz4",
            max_batch_size=262_144,
            request_timeout_ms=5_000,
        )

    async def start(self) -> None:
        """Connect."""
        await within(CONNECT_SECONDS, self._client.start(), "connecting the producer")

    async def send(self, records: Sequence[Record]) -> list[int]:
        """Return each one's offset once the broker has all of them.

        On KafkaAway or TooLarge any of them may or may not be there, but none before one that was sent ahead of it.
        """
        return await within(SEND_SECONDS, self._send(records), f"sending {len(records)} records")

    async def _send(self, records: Sequence[Record]) -> list[int]:
        by_place: defaultdict[Place, list[Record]] = defaultdict(list)
        for record in records:
            by_place[record.topic, record.partition_no].append(record)
        try:
            async with asyncio.TaskGroup() as group:
                sending = {
                    place: group.create_task(self._send_in_order(place, all_)) for place, all_ in by_place.items()
                }
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from failed
        offsets = {place: iter(task.result()) for place, task in sending.items()}
        return [next(offsets[record.topic, record.partition_no]) for record in records]

    async def _send_in_order(self, place: Place, records: Sequence[Record]) -> list[int]:
        """Send batch after batch: the client by itself would send the next one also where the broker refuses one."""
        offsets: list[int] = []
        while len(offsets) < len(records):
            batch = self._client.create_batch()
            for record in records[len(offsets) :]:
                added = batch.append(timestamp=None, key=record.key, value=record.body, headers=list(record.headers))
                if added is None:
                    break
            batch.close()
            try:
                acknowledged = await self._client.send_batch(batch, place[0], partition=place[1])
                first: int = (await acknowledged).offset
            except (MessageSizeTooLargeError, RecordListTooLargeError) as error:
                msg = f"{place[0]}[{place[1]}] takes no batch of {batch.size()} bytes"
                raise TooLarge(msg) from error
            # Of what it had already, the broker does not say where.
            offsets += range(first, first + batch.record_count()) if first >= 0 else [-1] * batch.record_count()
        return offsets

    async def drop(self) -> None:
        """Close without flushing: what was not acknowledged must not be sent behind our back."""
        self._client._closed = True  # noqa: SLF001 - stop() would flush first, and wait for ever while the broker is away
        await _end(self._client._sender.close())  # noqa: SLF001
        await _end(self._client.client.close())


class StreamConsumer:
    """Reads topics as a member of a service's group; offsets committed to Kafka are only a hint for tools."""

    def __init__(
        self, bootstrap: str, *, topics: Collection[str], group: str | None, instance: str | None = None
    ) -> None:
        pass_over()
        self._gaps = Gaps()
        self._client = AIOKafkaConsumer(
            *topics,
            bootstrap_servers=bootstrap,
            group_id=group,
            # A restarted worker takes its partitions back at once instead of waiting for its dead self to expire.
            group_instance_id=instance if group else None,
            client_id=instance or "reader",
            # One worker gets partition p of all topics; the client's default would deal them out one by one.
            partition_assignment_strategy=[RangePartitionAssignor],
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=10_000,
            heartbeat_interval_ms=1_000,  # tells of a rebalance; until all heard of it, whoever came has nothing to do
            max_poll_interval_ms=120_000,
            metadata_max_age_ms=30_000,
            request_timeout_ms=15_000,
        )

    async def start(self) -> None:
        """Connect and join."""
        await within(CONNECT_SECONDS, self._client.start(), "connecting the consumer")

    async def take(self, topic: str) -> None:
        """Read all partitions of a topic, outside of any group."""
        partitions = await within(CONNECT_SECONDS, self._client._client._wait_on_metadata(topic), "finding the topic")  # noqa: SLF001
        self._client.assign([TopicPartition(topic, each) for each in sorted(partitions)])

    def assigned(self) -> frozenset[Place]:
        """Return the partitions that this consumer holds now."""
        return frozenset((each.topic, each.partition) for each in self._client.assignment())

    async def fetch(self, *, seconds: float, places: Iterable[Place] = ()) -> dict[Place, list[Record]]:
        """Return what has arrived, by partition, waiting up to `seconds` for the first; empty when nothing came.

        Offsets behind the last record that hold none, or none that can be read, come as a record without anything.
        """
        wanted = [TopicPartition(*place) for place in places]
        self._gaps.begin(holding=self._holding())
        found = await within(
            seconds + FETCH_GRACE_SECONDS,
            self._client.getmany(*wanted, timeout_ms=int(seconds * 1000), max_records=MAX_RECORDS),
            "fetching",
        )
        arrived = {
            (place.topic, place.partition): [
                Record(each.topic, each.partition, each.offset, each.headers, each.value, each.key) for each in records
            ]
            for place, records in found.items()
        }
        return self._gaps.filled(arrived, self._positions(), holding=self._holding())

    def _holding(self) -> object:
        """Return what is another after each rebalance."""
        subscription = self._client._subscription.subscription  # noqa: SLF001 - no event tells of a rebalance in time
        return None if subscription is None else subscription.assignment

    def _positions(self) -> dict[Place, int]:
        """Return what is read next, where that is known."""
        holding: Any = self._holding()
        states = {} if holding is None else {each: holding.state_value(each) for each in holding.tps}
        return {
            (each.topic, each.partition): state.position for each, state in states.items() if state.has_valid_position
        }

    def seek(self, place: Place, offset: int) -> None:
        """Read `place` from `offset` next; nothing happens where a rebalance has just taken it away."""
        for partition in self._held([place]):
            self._client.seek(partition, offset)
            self._gaps.sought(place, offset, holding=self._holding())

    def paused(self) -> frozenset[Place]:
        """Return the partitions from which nothing is fetched for now; a rebalance forgets them."""
        return frozenset((each.topic, each.partition) for each in self._client.paused())

    def pause(self, places: Iterable[Place]) -> None:
        """Fetch nothing from these until they are resumed."""
        self._client.pause(*self._held(places))

    def resume(self, places: Iterable[Place]) -> None:
        """Fetch from these again."""
        self._client.resume(*self._held(places))

    def _held(self, places: Iterable[Place]) -> list[TopicPartition]:
        # The client's own task follows rebalances: what was ours at the last fetch need not be ours now.
        return [each for each in (TopicPartition(*place) for place in places) if each in self._client.assignment()]

    async def ends(self, places: Collection[Place]) -> dict[Place, int]:
        """Return, as the broker says now, the offset that the next record of each partition will get."""
        if not places:
            return {}
        asking = self._client.end_offsets([TopicPartition(*place) for place in places])
        found = await within(SEND_SECONDS, asking, "asking for the topics' ends")
        return {(place.topic, place.partition): offset for place, offset in found.items()}

    async def commit(self, offsets: Mapping[Place, int]) -> None:
        """Tell the group's tools how far we are."""
        await within(
            COMMIT_SECONDS,
            self._client.commit({TopicPartition(*place): at for place, at in offsets.items()}),
            "committing",
        )

    async def drop(self) -> None:
        """Leave; where the broker does not answer, end each part of the client all the same."""
        client = self._client
        client._closed = True  # noqa: SLF001 - stop() would wait for one part after the other, and leave the rest running
        for part in (client._coordinator, client._fetcher, client._client):  # noqa: SLF001
            if part is not None:
                await _end(part.close())
        # Closing the coordinator ends its heartbeat last; a broker that does not answer would keep it alive for ever.
        if heartbeat := getattr(client._coordinator, "_heartbeat_task", None):  # noqa: SLF001
            heartbeat.cancel()
