"""A client that repeats under its Idempotency-Key gets one invoice and one answer, whatever happened to the first."""

import asyncio
import signal

import pytest

from tests.faults.clerk import Clerk
from tests.faults.house import House
from tests.faults.proxy import Proxy
from tests.faults.trade import Trade, goes_on

pytestmark = [
    pytest.mark.asyncio(loop_scope="package"),
    pytest.mark.timeout(600),
    pytest.mark.slow,
]
_CREATED = 201


async def test_row_04_an_answer_that_is_lost_is_given_again_to_the_byte(house: House, trade: Trade) -> None:
    """Row 4: the connection is cut in the head and in the body of an answer whose invoice is committed."""
    [customer] = await trade.newcomers(1)
    port = int(house.stack.api_url("ledger").rpartition(":")[2])
    async with Proxy(port) as proxy, Clerk(f"http://127.0.0.1:{proxy.port}", house.stack.api_key) as clerk:
        for answer_bytes in (0, 20, 300):
            proxy.cut_after(answer_bytes)
            assert (await clerk.issue(trade.bill(customer, due_in_days=30))).status == 0
        await clerk.repeat(trade)
    await trade.kept(house.stack.database_url("ledger"))


async def test_row_04_an_api_killed_under_load_answers_all_that_it_had_committed(house: House, trade: Trade) -> None:
    """Row 4: kill -9 of the ledger's API while fifty requests a second come in."""
    people = await trade.newcomers(10)
    async with Clerk(house.stack.api_url("ledger"), house.stack.api_key) as clerk:
        working = asyncio.create_task(clerk.work(trade, people, per_second=50, seconds=4))
        await asyncio.sleep(2)
        house.send_signal("ledger-api", signal.SIGKILL)
        await working
        await house.heal()
        statuses = {answer.status for answer in clerk.answers.values()}
        assert statuses == {0, _CREATED}, "it died while it worked"
        await clerk.repeat(trade)
    await trade.turn()
    await goes_on(house, trade, days=0)
