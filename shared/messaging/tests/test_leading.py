"""Proves P4 of a relay in trouble: a frozen leader is replaced, a slow line gets through, and the alarms say so."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import Row, text

from shared.messaging import leadership, relay, stream_store
from shared.messaging.agreement import StreamConflict, agree_with_topic
from shared.messaging.kafka import KafkaAway
from shared.messaging.own_stream import OwnStream
from shared.messaging.relay import Relay
from shared.messaging.tests.toy import PARTITIONS, Toy, customers_in, settled

_NO = 0
_CUSTOMER = customers_in(_NO, 1)[0]
_END_ALL = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
_MARK = f"SELECT acknowledged_sequence FROM stream_head WHERE partition_no = {_NO}"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever looks now and then looks often."""
    monkeypatch.setattr(relay, "RETRY_SECONDS", 0.1)


async def _value(toy: Toy, statement: str) -> Any:
    async with toy.publisher.connect() as connection:
        return (await connection.execute(text(statement))).scalar_one_or_none()


async def _until(toy: Toy, statement: str, expected: Any) -> None:
    async with asyncio.timeout(60):
        while await _value(toy, statement) != expected:
            await asyncio.sleep(0.05)


@asynccontextmanager
async def _running(*relays: Relay) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(each.run()) for each in relays]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _age(toy: Toy) -> float:
    return REGISTRY.get_sample_value("dueflow_outbox_oldest_seconds", {"topic": toy.topic}) or 0.0


def _hold(relay: Relay, monkeypatch: pytest.MonkeyPatch, *, after_ack: asyncio.Event, go_on: asyncio.Event) -> None:
    """Let this relay stand still between the broker's answer and its own mark."""
    send = relay.sending.send

    async def held(rows: Sequence[Row[Any]]) -> list[int]:
        offsets = await send(rows)
        after_ack.set()
        await go_on.wait()
        return offsets

    monkeypatch.setattr(relay.sending, "send", held)


async def test_row_13_a_leader_that_stands_still_is_replaced_and_marks_nothing(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Faults 2.13, P4: frozen between Kafka's answer and its mark, connection alive: another leads and goes on."""
    monkeypatch.setattr(leadership, "SILENT_SECONDS", 2)
    monkeypatch.setattr(leadership, "SPEAK_EVERY_SECONDS", 600)  # frozen, it says nothing
    frozen, after_ack, go_on = toy.relay(), asyncio.Event(), asyncio.Event()
    _hold(frozen, monkeypatch, after_ack=after_ack, go_on=go_on)
    async with _running(frozen):
        await toy.publish(settled(_CUSTOMER, "A-0"))
        await after_ack.wait()
        async with _running(toy.relay()):
            await toy.publish(settled(_CUSTOMER, "A-1"))
            await _until(toy, _MARK, 2)
            go_on.set()
            async with asyncio.timeout(60):
                while frozen.leading:  # until it has woken up, and knows that it lost its place
                    await asyncio.sleep(0.05)
        assert await _value(toy, _MARK) == 2
    async with toy.running(relay=False):
        await toy.until("SELECT count(*) FROM effect", 2)


async def test_row_51_nobody_follows_a_leader_that_still_compares(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    """P4, N4, faults 2.51: Kafka answers slowly after a restore; a sender must not take that for agreement."""
    found = asyncio.Event()

    async def compare(*_: Any) -> dict[int, int]:
        if not found.is_set():
            await asyncio.sleep(2)
            found.set()
            raise StreamConflict("restored")
        return dict.fromkeys(range(PARTITIONS), 0)

    monkeypatch.setattr(relay, "agree_with_topic", compare)
    first, second = toy.relay(), toy.relay()
    async with _running(first, second):
        async with asyncio.timeout(60):
            while not found.is_set():
                assert (first.agrees, second.agrees) == (None, None)
                await asyncio.sleep(0.05)
            while not (first.agrees and second.agrees):
                await asyncio.sleep(0.05)
        assert first.leading != second.leading


async def test_row_51_a_database_that_went_away_is_compared_before_it_is_believed(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P4, N4, faults 2.51: it was restored below running workers: what they knew was another database's."""
    compared = asyncio.Event()
    relays = toy.relay(), toy.relay()

    async def compare(*given: Any) -> dict[int, int]:
        await compared.wait()
        return await agree_with_topic(*given)

    async def until(*, agreed: bool | None) -> None:
        async with asyncio.timeout(60):
            while [each.agrees for each in relays] != [agreed, agreed]:
                await asyncio.sleep(0.02)

    async with _running(*relays):
        await until(agreed=True)
        monkeypatch.setattr(relay, "agree_with_topic", compare)
        async with toy.consumer.connect() as elsewhere:
            await elsewhere.execute(_END_ALL, {"name": toy.publisher.url.database})
        await until(agreed=None)
        compared.set()
        await until(agreed=True)


async def test_a_leader_that_waits_for_kafka_stays_the_leader(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    """P4: to wait longer for the broker than a leader may be silent is no standing still."""
    monkeypatch.setattr(leadership, "SILENT_SECONDS", 4)  # a busy machine may keep it from speaking for a moment
    monkeypatch.setattr(leadership, "SPEAK_EVERY_SECONDS", 0.3)
    waiting, after_ack, go_on = toy.relay(), asyncio.Event(), asyncio.Event()
    _hold(waiting, monkeypatch, after_ack=after_ack, go_on=go_on)
    async with _running(waiting):
        await toy.publish(settled(_CUSTOMER, "B-0"))
        await after_ack.wait()
        await asyncio.sleep(6)
        go_on.set()
        await _until(toy, _MARK, 1)
        assert waiting.leading


async def test_what_a_person_asks_for_while_rows_are_sent_is_not_overheard(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P4: send-again between the broker's answer and the relay's mark: the mark must not raise what it lowered."""
    async with toy.running():
        await toy.publish(settled(_CUSTOMER, "C-0"), settled(_CUSTOMER, "C-1"))
        await toy.until("SELECT count(*) FROM effect", 2)
    busy, after_ack, go_on = toy.relay(), asyncio.Event(), asyncio.Event()
    _hold(busy, monkeypatch, after_ack=after_ack, go_on=go_on)
    own = OwnStream(toy.publisher.begin, toy.bootstrap, toy.topic, toy.wake.outbox)
    async with _running(busy):
        await toy.publish(settled(_CUSTOMER, "C-2"))
        await after_ack.wait()
        assert await own.send_again(_NO, 1, actor="ops") == 3
        go_on.set()
        await _until(toy, _MARK, 3)
    assert (await toy.asker.ends([(toy.topic, _NO)]))[toy.topic, _NO] == 3 + 3


async def test_a_line_too_slow_for_a_full_sending_gets_all_through(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Faults 1.2, 2.6: where a full sending never ends in time the next is smaller; else nothing is ever marked."""
    slow = toy.relay()
    send, tries = slow.sending._send, []  # noqa: SLF001 - the line below what chooses how much

    async def sending(rows: Sequence[Row[Any]]) -> list[int]:
        tries.append(len(rows))
        if len(rows) > 3:
            msg = "so much takes longer than a sending may"
            raise KafkaAway(msg)
        return await send(rows)

    monkeypatch.setattr(slow.sending, "_send", sending)
    monkeypatch.setattr(stream_store, "SEND_BYTES", 40_000)
    slow.sending.max_bytes = 40_000
    await toy.publish(*(settled(_CUSTOMER, f"D-{n}") for n in range(30)))
    async with _running(slow):
        await _until(toy, _MARK, 30)
    assert max(tries) > 3


async def test_large_rows_are_read_a_few_at_a_time(toy: Toy) -> None:
    """Faults 2.52: rows are counted by their bytes too, and one larger than all that may be sent goes alone."""
    await toy.publish(*(settled(_CUSTOMER, f"E-{n}") for n in range(6)))
    async with toy.publisher.begin() as connection:
        await connection.execute(text("UPDATE outbox SET body = repeat('x', 30000)"))
        await stream_store.ensure_heads(connection, PARTITIONS)
        await stream_store.assign(connection)
        assert [len(await stream_store.unacknowledged(connection, max_bytes=each)) for each in (0, 70_000)] == [1, 3]


async def test_how_old_the_outbox_is_is_told_by_who_does_not_lead(toy: Toy) -> None:
    """P10: while a leader stands still nobody else would say that nothing is published."""
    async with toy.publisher.connect() as other:
        await other.execute(text("SELECT pg_advisory_lock(:key)"), {"key": leadership.LEADER_LOCK})
        await other.commit()
        await toy.publish(settled(_CUSTOMER, "F-0"))
        async with toy.running(consumer=False), asyncio.timeout(60):
            while _age(toy) == 0:
                await asyncio.sleep(0.05)
            await other.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": leadership.LEADER_LOCK})
            await other.commit()
            while _age(toy) > 0:
                await asyncio.sleep(0.05)
