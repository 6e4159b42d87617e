"""Proves P4 and faults 2.18: whoever writes what he likes into a topic, no service stands still for it."""

import asyncio
from collections.abc import Sequence

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.producer import message_accumulator
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

from shared.messaging import agreement, watching
from shared.messaging.gates import Gates
from shared.messaging.kafka import Record
from shared.messaging.tests.test_sifting import record
from shared.messaging.tests.topic import write
from shared.messaging.tests.toy import Toy, customers_in, settled

_NO = 0
_CUSTOMER = customers_in(_NO, 1)[0]
_STUCK_SECONDS = 4


pytestmark = pytest.mark.usefixtures("impatient")


@pytest.fixture(autouse=True)
def _soon_stuck(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that brings nothing is given up soon, but not one that a busy machine lets wait for a moment."""
    monkeypatch.setattr(watching, "STUCK_SECONDS", _STUCK_SECONDS)


def _garbage(toy: Toy, count: int) -> Sequence[Record]:
    return [Record(toy.topic, _NO, -1, [], b"garbage %d" % number) for number in range(count)]


async def _until_open(toy: Toy) -> None:
    gates = Gates(engine=toy.consumer, topic_of=lambda _: toy.topic, ends=toy.asker.ends)
    async with asyncio.timeout(60):
        while _NO not in await gates.applied_to_end(topics=["ledger"], partitions=[_NO]):
            await asyncio.sleep(0.1)


async def test_the_end_of_a_strangers_transaction_holds_up_neither_gate_nor_relay(toy: Toy) -> None:
    """P4: Kafka notes it at an offset that holds no record: the end of the topic, which nothing would ever reach."""
    async with toy.running():
        await toy.publish(settled(_CUSTOMER, "A-0"))
        await toy.until("SELECT count(*) FROM effect", 1)
        stranger = AIOKafkaProducer(bootstrap_servers=toy.bootstrap, transactional_id=toy.prefix)
        await stranger.start()
        async with stranger.transaction():
            await stranger.send_and_wait(toy.topic, b"strange", partition=_NO)
        await stranger.stop()
        await _until_open(toy)
        await asyncio.sleep(_STUCK_SECONDS + 1)  # longer than a consumer may be stuck
        await _until_open(toy)
    async with toy.running():
        await toy.publish(settled(_CUSTOMER, "A-1"))
        await toy.until("SELECT count(*) FROM effect", 2)
    assert [row.reason for row in await toy.ask("SELECT reason FROM quarantine WHERE record_offset = 1")] != []


@pytest.mark.parametrize("events", [0, 2])
async def test_strangers_at_the_end_hide_the_last_event_from_no_relay(
    toy: Toy, monkeypatch: pytest.MonkeyPatch, events: int
) -> None:
    """P4: however much they have written, the last event is looked for before it; nothing is sent again."""
    monkeypatch.setattr(agreement, "TAIL_RECORDS", 3)
    async with toy.running():
        await toy.publish(*(settled(_CUSTOMER, f"B-{n}") for n in range(events)))
        await toy.until("SELECT count(*) FROM effect", events)
    await write(toy, *_garbage(toy, 40))
    async with toy.running():
        await toy.publish(settled(_CUSTOMER, "B-new"))
        await toy.until("SELECT count(*) FROM effect", events + 1)
    assert (await toy.asker.ends([(toy.topic, _NO)]))[toy.topic, _NO] == events + 40 + 1


async def test_row_18_an_attribute_without_a_value_is_quarantined(toy: Toy) -> None:
    """Faults 2.18: Kafka carries headers that have a name only; such a record is no event, and the rest flows."""
    headers = [(name, None if name == "ce_subject" else was) for name, was in record(1).headers]
    await write(toy, Record(toy.topic, _NO, -1, headers, b"{}"))  # type: ignore[arg-type]  # ours always have a value
    async with toy.running():
        await toy.publish(settled(_CUSTOMER, "C-0"))
        await toy.until("SELECT count(*) FROM effect", 1)
    assert (await toy.ask("SELECT count(*) FROM quarantine"))[0][0] == 1


class _NoText(str):
    """A name that goes out as bytes which are no UTF-8."""

    __slots__ = ()

    def encode(self, *_: object) -> bytes:
        return b"\xff\xfe"


@pytest.mark.parametrize("first", [True, False])
async def test_row_18_a_record_that_the_client_cannot_read_is_passed_over(
    toy: Toy, monkeypatch: pytest.MonkeyPatch, *, first: bool
) -> None:
    """Faults 2.18: a header's name in no UTF-8 ended every fetch at its offset, and every look of the relay's."""
    events = [settled(_CUSTOMER, f"D-{n}") for n in range(2)]
    if not first:
        async with toy.running():
            await toy.publish(events.pop(0))
            await toy.until("SELECT count(*) FROM effect", 1)
    with monkeypatch.context() as patch:
        patch.setattr(message_accumulator, "DefaultRecordBatchBuilder", _DefaultRecordBatchBuilderPy)
        await write(toy, Record(toy.topic, _NO, -1, [(_NoText("x"), b"y")], b"{}"))
    async with toy.running():
        await _until_open(toy)
        await toy.publish(*events)
        await toy.until("SELECT count(*) FROM effect", 2)
    assert [row.record_offset for row in await toy.ask("SELECT record_offset FROM quarantine")] == [0 if first else 1]
