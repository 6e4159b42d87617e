"""A worker killed with -9 at any moment: nothing lost, nothing twice; all four services die in each of these tests."""

import asyncio
from collections import Counter

import asyncpg
import pytest

from tests.faults.house import WORKERS, House
from tests.faults.trade import Trade

pytestmark = [
    pytest.mark.asyncio(loop_scope="package"),
    pytest.mark.timeout(300),
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


async def _check(house: House, trade: Trade) -> None:
    await house.check()
    await trade.kept(house.stack.database_url("ledger"))


@pytest.mark.parametrize(
    "place",
    [
        pytest.param("consumer.before_commit", id="row-2-before-the-commit-of-events"),
        pytest.param("consumer.after_commit", id="row-1-after-it-before-kafka-hears"),
        pytest.param("relay.after_assign", id="P4-numbered-and-not-sent"),
        pytest.param("relay.after_ack", id="row-3-sent-and-not-marked"),
    ],
)
async def test_every_service_goes_on_where_its_database_is(house: House, trade: Trade, place: str) -> None:
    """Rows 1, 2, 3; P4, P5: each worker dies at a moment of its own while invoices, payments and reminders pass."""
    await house.arm({worker: f"{place}:{moment}" for moment, worker in enumerate(WORKERS, start=1)})
    await _trade_until_dead(house, trade, *WORKERS)
    await _check(house, trade)


@pytest.mark.parametrize("moment", ["ledger.day.turn:1", "ledger.day.before_commit:2"])
async def test_row_36_a_day_whose_opening_was_cut_off_is_opened_once(house: House, trade: Trade, moment: str) -> None:
    """L7, P5, row 36: killed at the turn, or with half of the day told; every debt is overdue once all the same."""
    await house.arm({"ledger-worker": moment})
    await _trade_until_dead(house, trade, "ledger-worker")
    await _check(house, trade)


async def test_row_43_a_mail_whose_fate_nobody_knows_is_not_sent_again(house: House, trade: Trade) -> None:
    """Row 43, N4: killed between the server's 250 and the note of it; it stays unknown, for a person to decide."""
    await house.arm({"notifications-worker": "sender.after_250:2"})
    expiring = asyncio.create_task(_let_leases_end_at_its_death(house))
    await _trade_until_dead(house, trade, "notifications-worker")
    await expiring
    await trade.turn()
    await _check(house, trade)
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
