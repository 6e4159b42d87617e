"""A worker killed with -9 at any moment: nothing lost, nothing twice; all four services die in each of these tests."""

import asyncio
from collections import Counter

import asyncpg
import pytest

from shared.messaging.envelope import from_headers
from shared.messaging.topic_reader import TopicReader
from tests.faults.house import SERVICES, WORKERS, House
from tests.faults.trade import Trade, goes_on

pytestmark = [
    pytest.mark.asyncio(loop_scope="package"),
    pytest.mark.timeout(600),
    pytest.mark.slow,
]
_LONGEST_DAYS = 6


async def _trade_until_dead(house: House, trade: Trade, *workers: str) -> None:
    for _ in range(_LONGEST_DAYS):
        await trade.run(days=1)
        if all(house.restarts(workers)):
            break
    await house.heal()
    # Killed where it was asked for, and by nothing else.
    assert house.restarts(workers) == [1] * len(workers)


async def _die_each_at_its_moment(house: House, trade: Trade, place: str) -> None:
    await house.arm({worker: f"{place}:{moment}" for moment, worker in enumerate(WORKERS, start=1)})
    await _trade_until_dead(house, trade, *WORKERS)
    await goes_on(house, trade, days=0)


async def test_row_01_killed_after_the_commit_before_kafka_hears_of_it(house: House, trade: Trade) -> None:
    """Row 1, P4: each worker dies at a moment of its own; what comes again lies below the stored position."""
    await _die_each_at_its_moment(house, trade, "consumer.after_commit")


@pytest.mark.minutes
@pytest.mark.parametrize("moment", [1, 2, 3, 4, 5])
async def test_row_01_killed_after_the_first_five_commits(house: House, trade: Trade, moment: int) -> None:
    """Row 1: all four workers at once, after the same number of commits since they started."""
    await house.arm(dict.fromkeys(WORKERS, f"consumer.after_commit:{moment}"))
    await _trade_until_dead(house, trade, *WORKERS)
    await goes_on(house, trade, days=0)


async def test_row_02_killed_before_the_commit_of_events(house: House, trade: Trade) -> None:
    """Row 2: rolled back, read again, one effect."""
    await _die_each_at_its_moment(house, trade, "consumer.before_commit")


async def test_killed_with_numbers_given_and_nothing_sent(house: House, trade: Trade) -> None:
    """P4: whoever comes next sends what is numbered, under its numbers."""
    await _die_each_at_its_moment(house, trade, "relay.after_assign")


async def test_row_03_killed_after_kafka_has_it_before_the_mark(house: House, trade: Trade) -> None:
    """Row 3: the records are in their topics twice, alike to the byte as the checker sees, their effects once."""
    before = {service: await _copies(house, service) for service in SERVICES}
    await _die_each_at_its_moment(house, trade, "relay.after_ack")
    for service in SERVICES:
        assert await _copies(house, service) > before[service], service


async def _copies(house: House, service: str) -> int:
    """Return how many records more than events a service's topic holds."""
    topic = f"{house.stack.topic_prefix}{service}"
    reader = TopicReader(house.stack.bootstrap, topic)
    await reader.start()
    records = [each for found in (await reader.read_to_end()).values() for each in found]
    await reader.close()
    return len(records) - len({from_headers(each.headers).event_id for each in records})


@pytest.mark.parametrize("moment", ["ledger.day.turn:1", "ledger.day.before_commit:2"])
async def test_row_36_a_day_whose_opening_was_cut_off_is_opened_once(house: House, trade: Trade, moment: str) -> None:
    """L7, P5, row 36: killed at the turn, or with half of the day told; every debt is overdue once all the same."""
    await house.arm({"ledger-worker": moment})
    await _trade_until_dead(house, trade, "ledger-worker")
    await goes_on(house, trade, days=0)


async def test_row_43_a_mail_whose_fate_nobody_knows_is_not_sent_again(house: House, trade: Trade) -> None:
    """Row 43, N4: killed between the server's 250 and the note of it; it stays unknown, for a person to decide."""
    await house.arm({"notifications-worker": "sender.after_250:2"})
    expiring = asyncio.create_task(_let_leases_end_at_its_death(house))
    await _trade_until_dead(house, trade, "notifications-worker")
    await expiring
    await trade.turn()
    await goes_on(house, trade, days=0)
    unknown = {message["message_id"] async for message in house.dueflow.notifications.messages(state="unknown")}
    caught = Counter(house.caught_mails())
    assert unknown & caught.keys()
    assert set(caught.values()) == {1}


async def _let_leases_end_at_its_death(house: House) -> None:
    """Ninety seconds pass at once for what the dead worker held, before the next one holds anything."""
    worker = house.stack.process("notifications-worker")
    while worker.pid is not None:
        await asyncio.sleep(0.05)
    connection = await asyncpg.connect(house.stack.database_url("notifications").replace("+asyncpg", ""))
    await connection.execute("UPDATE attempt SET lease_until = now() WHERE outcome IS NULL")
    await connection.close()
