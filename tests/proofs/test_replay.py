"""What a service holds of the others follows from their topics, and topics that are read again do nothing again."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.clock import FixedClock, MachineClock
from shared.database import open_engine
from shared.messaging.kafka import Place, Record, StreamProducer
from shared.messaging.topic_reader import TopicReader
from tests.databases import RunDatabases
from tests.faults.house import SERVICES, WORKERS, House, open_house
from tests.faults.trade import Trade
from tests.proofs.canonical import Dump, differences, dump
from tests.proofs.mirrors import CORE, MIRRORS, OWN, SOURCES
from tests.proofs.site import Topics, open_site
from tests.servers import run_folder

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(600), pytest.mark.slow]


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def house() -> AsyncIterator[House]:
    """The whole house after some days of trade; nothing moves any more."""
    async with open_house(Path(mkdtemp(prefix="replay-", dir=run_folder()))) as running:
        trade = Trade(running.dueflow)
        await trade.open()
        await trade.run(days=1)
        await _speak(trade)
        await trade.turn(2)
        await running.check()
        yield running


async def _speak(trade: Trade) -> None:
    """Let one customer contest a debt, another promise to pay, and a third order on credit."""
    dueflow, people = trade.dueflow, await trade.newcomers(3)
    await trade.issue([trade.bill(each, due_in_days=-9) for each in people])
    await trade.turn()
    named: list[Any] = [{"entity": "faults", "customer_number": each, "amount": "60.00"} for each in people]
    dispute: Any = {**named[0], "invoice_number": trade.invoices[-3], "reason": "damaged"}
    await dueflow.collections.open_dispute(dispute)
    tomorrow = (trade.day + timedelta(days=1)).isoformat()
    promise: Any = {**named[1], "currency": "CNY", "promised_date": tomorrow}
    await dueflow.collections.record_promise(promise)
    await trade.pay(people[1], trade.invoices[-2])
    order: Any = {"customer_number": people[2], "order_number": "O-1", "amount": "10.00", "currency": "CNY"}
    await dueflow.credit.check_order(order)


@asynccontextmanager
async def _database(house: House, service: str) -> AsyncIterator[AsyncConnection]:
    engine = open_engine(house.stack.database_url(service), connections=1, application="proof")
    try:
        async with engine.begin() as connection:
            yield connection
    finally:
        await engine.dispose()


async def _dump(house: House, service: str) -> Dump:
    async with _database(house, service) as connection:
        return await dump(connection)


async def _topics(house: House) -> dict[str, dict[Place, list[Record]]]:
    """Return all that was ever told, by publisher."""
    found = {}
    for service in SERVICES:
        reader = TopicReader(house.stack.bootstrap, f"{house.stack.topic_prefix}{service}")
        await reader.start()
        found[service] = await reader.read_to_end()
        await reader.close()
    return found


@pytest.mark.parametrize("service", SERVICES)
async def test_every_table_is_a_mirror_or_has_a_reason_why_not(house: House, service: str) -> None:
    """Invariant 24: whoever adds a table says whether the topics bring it back."""
    classes = [MIRRORS[service], *OWN[service].values(), *CORE.values()]
    assert sorted(table for each in classes for table in each) == sorted(await _dump(house, service))


@pytest.mark.parametrize("service", SERVICES)
async def test_row_24_an_empty_database_gets_the_others_facts_back(
    house: House, databases: RunDatabases, folder: Path, service: str
) -> None:
    """Faults 2.24, invariant 24: each topic from zero to its end, one after the other; nobody sends anything."""
    topics: Topics = {
        (f"dueflow.{publisher}", place[1]): [replace(each, topic=f"dueflow.{publisher}") for each in records]
        for publisher, told in (await _topics(house)).items()
        if publisher in SOURCES[service]
        for place, records in told.items()
    }
    name, clock = await databases.copy_of(service), FixedClock(MachineClock().now())
    site = open_site(service, databases.url(name), folder, topics=topics, clock=clock, fast=False)
    while await site.listen():
        pass
    rebuilt = await site.dump()
    await site.close()
    await databases.drop(name)
    live = await _dump(house, service)
    assert rebuilt["quarantine"] == rebuilt["parked_item"] == []
    assert not differences(_mirrors(live, service), _mirrors(rebuilt, service))
    assert all(_mirrors(live, service).values())


def _mirrors(found: Dump, service: str) -> Dump:
    """Return what it heard, without the columns that are its own."""
    return {
        table: sorted(
            json.dumps({name: value for name, value in json.loads(row).items() if name not in own})
            for row in found[table]
        )
        for table, own in MIRRORS[service].items()
    }


async def test_rows_14_and_23_the_whole_of_all_topics_read_again_does_nothing(house: House) -> None:
    """Faults 2.14, 2.23: every worker starts again at zero, and every record comes once more; no row, no message."""
    before = {service: await _dump(house, service) for service in SERVICES}
    mails, topics = sorted(house.caught_mails()), await _topics(house)
    for service in SERVICES:
        async with _database(house, service) as connection:
            await connection.execute(text("UPDATE stream_position SET next_offset = 0"))
    await asyncio.gather(*(house.stack.restart(worker) for worker in WORKERS))
    await _read_to(house, {place: len(records) for told in topics.values() for place, records in told.items()})
    producer = StreamProducer(house.stack.bootstrap, client="again")
    await producer.start()
    for told in topics.values():
        for records in told.values():
            await producer.send(records)
    await producer.drop()
    await _read_to(house, {place: 2 * len(records) for told in topics.values() for place, records in told.items()})
    for service in SERVICES:
        assert not differences(before[service], await _dump(house, service))
    assert sorted(house.caught_mails()) == mails


async def _read_to(house: House, ends: Mapping[Place, int]) -> None:
    """Return when every service has read its topics so far."""
    async with asyncio.timeout(120):
        for service in SERVICES:
            async with _database(house, service) as connection:
                while await _is_behind(connection, ends):
                    await asyncio.sleep(0.2)


async def _is_behind(connection: AsyncConnection, ends: Mapping[Place, int]) -> bool:
    at = await connection.execute(text("SELECT topic, partition_no, next_offset FROM stream_position"))
    return any(next_offset < ends[topic, number] for topic, number, next_offset in at)
