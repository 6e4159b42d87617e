"""Clients of Kafka that fall silent, are poisoned, or lose their place in the group: replaced, and nothing twice."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions
from aiokafka.errors import OutOfOrderSequenceNumber
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.messaging import consumer, sending, watching
from shared.messaging.consumer import STUCK_LIMIT
from shared.messaging.kafka import Place, Record, StreamConsumer, StreamProducer
from shared.messaging.subscription import Received
from shared.messaging.tests import toy as toys
from shared.messaging.tests.toy import Toy, customers_in, settled
from shared.messaging.watching import Stuck

_USUAL_PATIENCE = watching.STUCK_SECONDS


class _Mute(StreamConsumer):
    """A client that is alive, keeps its partitions, and never gives a record."""

    async def fetch(self, *, seconds: float, places: Iterable[Place] = ()) -> dict[Place, list[Record]]:  # noqa: ARG002
        await asyncio.sleep(seconds)
        return {}


@pytest.fixture
def _quickly_stuck(monkeypatch: pytest.MonkeyPatch) -> None:
    """The watchdog gives up after a second instead of half a minute."""
    monkeypatch.setattr(consumer, "WATCH_EVERY_SECONDS", 0.2)
    monkeypatch.setattr(watching, "STUCK_SECONDS", 1)


@pytest.mark.usefixtures("_quickly_stuck")
async def test_row_08_a_silent_client_is_replaced(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Faults 2.8: lag and no progress: the consumer is built anew, and the records that waited take effect."""
    kinds = [_Mute, StreamConsumer]

    def make(*given: Any, **named: Any) -> StreamConsumer:
        if len(kinds) == 1:  # on a busy machine one that works may be silent for a second, too
            monkeypatch.setattr(watching, "STUCK_SECONDS", _USUAL_PATIENCE)
        return kinds.pop(0)(*given, **named)

    monkeypatch.setattr(toys, "StreamConsumer", make)
    await toy.publish(settled(customers_in(0, 1)[0], "S-1"))
    async with toy.running():
        await toy.until("SELECT count(*) FROM effect", 1)
    assert not kinds, "the first was given up"


@pytest.mark.usefixtures("_quickly_stuck")
async def test_row_08_a_process_whose_clients_stay_silent_ends(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Faults 2.8: after the third client the supervisor must help."""
    made: list[_Mute] = []

    def make(*given: Any, **named: Any) -> _Mute:
        made.append(_Mute(*given, **named))
        return made[-1]

    monkeypatch.setattr(toys, "StreamConsumer", make)
    await toy.publish(settled(customers_in(0, 1)[0], "S-1"))
    async with toy.running(consumer=False), asyncio.timeout(60):
        with pytest.raises(Stuck):
            await toy.consume().run()
    assert len(made) == STUCK_LIMIT


async def test_row_09_a_poisoned_producer_is_dropped_and_another_sends(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Faults 2.9: an idempotent producer that lost its place in the sequence never finds it again by itself."""
    made: list[StreamProducer] = []

    class Poisoned(StreamProducer):
        async def start(self) -> None:
            made.append(self)
            await super().start()

        async def _send(self, records: Sequence[Record]) -> list[int]:
            if self is made[0]:
                raise OutOfOrderSequenceNumber
            return await super()._send(records)

    monkeypatch.setattr(sending, "StreamProducer", Poisoned)
    customer = customers_in(0, 1)[0]
    await toy.publish(*(settled(customer, f"O-{n}") for n in range(5)))
    async with toy.running():
        await toy.until("SELECT count(*) FROM effect", 5)
    assert len(made) == 2
    assert [each.split()[-1] for each in await toy.effects(customer)] == [f"O-{n}" for n in range(5)]


async def test_row_12_a_handler_slower_than_the_poll_interval_does_nothing_twice(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Faults 2.12: the client leaves its group while the handler works, joins again, and goes on behind it."""
    members: set[str] = set()

    class Hasty(StreamConsumer):
        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            self._client._max_poll_interval_ms = 1_500  # noqa: SLF001 - two minutes are too long for a test

        async def fetch(self, *, seconds: float, places: Iterable[Place] = ()) -> dict[Place, list[Record]]:
            members.update(filter(None, [self._client._coordinator.member_id]))  # noqa: SLF001 - nothing public tells
            return await super().fetch(seconds=seconds, places=places)

    apply = toy.subscription.apply

    async def slowly(connection: AsyncConnection, batch: Sequence[Received], *, today: date) -> None:
        await asyncio.sleep(4)
        await apply(connection, batch, today=today)

    monkeypatch.setattr(toys, "StreamConsumer", Hasty)
    monkeypatch.setattr(toy.subscription, "apply", slowly)
    customer = customers_in(0, 1)[0]
    await toy.publish(settled(customer, "L-0"))
    async with toy.running():
        await toy.until("SELECT count(*) FROM effect", 1)
        monkeypatch.setattr(toy.subscription, "apply", apply)
        async with asyncio.timeout(60):
            while len(members) == 1:  # the broker gives a name with each joining
                await asyncio.sleep(0.05)
        await toy.publish(settled(customer, "L-1"))
        await toy.until("SELECT count(*) FROM effect", 2)
    assert [each.split()[-1] for each in await toy.effects(customer)] == ["L-0", "L-1"]


async def test_row_50_a_topic_with_more_partitions_is_refused_and_told(toy: Toy) -> None:
    """Faults 2.50: a customer's events would change their partition, so that a person must decide."""
    admin = AIOKafkaAdminClient(bootstrap_servers=toy.bootstrap)
    await admin.start()
    await admin.create_partitions({toy.topic: NewPartitions(toys.PARTITIONS + 1)})
    await admin.close()
    leading = toy.relay()
    task = asyncio.create_task(leading.run())
    async with asyncio.timeout(60):
        while leading.conflict is None and not task.done():
            await asyncio.sleep(0.05)
    assert not task.done(), task
    task.cancel()
    assert leading.conflict is not None
    assert "3 partitions" in leading.conflict
