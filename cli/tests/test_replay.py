"""P4, faults 2.16: records in another order than their numbers stop a partition, and the runbook's command leads on."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Row

from cli import replay
from cli.park import Service
from deploy.local.topics import ensure_topics
from shared.messaging import consumer, stream_store
from shared.messaging.kafka import StreamProducer
from shared.messaging.rereading import Rereading
from shared.messaging.tests.toy import PARTITIONS, Toy, customers_in, make_schema, settled
from tests.databases import FreshDatabase

_NO = 0
_CUSTOMER = customers_in(_NO, 1)[0]
_STOPPED = "SELECT count(*) FROM stream_position WHERE stopped_reason LIKE '%{}%'"


@pytest.fixture
async def toy(fresh_database: FreshDatabase, kafka_bootstrap: str, topic_prefix: str) -> AsyncIterator[Toy]:
    """Two fresh databases and a topic between them; nothing runs yet."""
    await ensure_topics(bootstrap=kafka_bootstrap, prefix=topic_prefix, partitions=PARTITIONS)
    urls = {"publisher_url": await fresh_database(), "consumer_url": await fresh_database()}
    toy = Toy(**urls, bootstrap=kafka_bootstrap, prefix=topic_prefix)
    await make_schema(toy.publisher)
    await make_schema(toy.consumer)
    yield toy
    await toy.close()


class _Credit:
    """What the client says of the one service that reads."""

    def __init__(self, toy: Toy) -> None:
        self._rereading = Rereading(toy.lane.begin, {toy.topic})

    async def stream_positions(self) -> list[dict[str, Any]]:
        readings = [asdict(each) for each in await self._rereading.readings()]
        return [each | {"last_event_id": each["last_event_id"] and str(each["last_event_id"])} for each in readings]

    async def read_from(self, topic: str, partition_no: int, *, offset: int) -> None:
        await self._rereading.read_from((topic, partition_no), offset, actor="ops")


async def _numbered(toy: Toy, count: int) -> Sequence[Row[Any]]:
    await toy.publish(*(settled(_CUSTOMER, f"N-{n}") for n in range(1, count + 1)))
    async with toy.publisher.begin() as connection:
        await stream_store.ensure_heads(connection, PARTITIONS)
        await stream_store.assign(connection)
        return await stream_store.unacknowledged(connection)


async def _send(toy: Toy, rows: Sequence[Row[Any]]) -> None:
    producer = StreamProducer(toy.bootstrap, client="shuffling")
    await producer.start()
    await producer.send([toy.relay().sending.record(row) for row in rows])
    await producer.drop()


async def _lead_on(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> list[replay.Line]:
    credit: Any = _Credit(toy)
    dueflow: Any = SimpleNamespace(credit=credit)
    state: Any = SimpleNamespace(bootstrap=toy.bootstrap, topic_prefix=toy.prefix)
    monkeypatch.setattr(replay, "client_of_service", lambda *_: credit)

    def read(_: Any) -> Any:
        return replay._read(dueflow, state, Service.CREDIT, None)  # noqa: SLF001 - the command without its printing

    return await replay.lead_on(dueflow, await read(dueflow), read=read, give_up=False)


@pytest.mark.parametrize("order", [[1, 3, 2, 4], [2, 1, 3, 4], [5, 2, 8, 1, 7, 3, 6, 4]])
async def test_row_16_reordered_records_are_applied_once_each_and_in_order(
    toy: Toy, monkeypatch: pytest.MonkeyPatch, order: list[int]
) -> None:
    """Faults 2.16, P4: nothing is guessed: it stops, says what is missing, and one command leads through all of it."""
    monkeypatch.setattr(consumer, "LOOK_AGAIN_SECONDS", 0.2)
    monkeypatch.setattr(consumer, "WATCH_EVERY_SECONDS", 0.2)
    rows = await _numbered(toy, len(order))
    await _send(toy, [rows[number - 1] for number in order])
    missing = next(n for n, number in enumerate(order, start=1) if n != number)
    async with toy.running(relay=False):
        await toy.until(_STOPPED.format(f"expected sequence {missing}, found {order[missing - 1]}"), 1)
        lines = await _lead_on(toy, monkeypatch)
        await toy.until("SELECT count(*) FROM effect", len(order))
        await toy.until(_STOPPED.format(""), 0)
    assert [each.split()[-1] for each in await toy.effects()] == [f"N-{n}" for n in range(1, len(order) + 1)]
    assert not any(line.leads_on(give_up=True) for line in lines)
