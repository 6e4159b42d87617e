"""Claims: only at the topics' ends, under the customer's lock, beside events at any moment (N5)."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from functools import partial

import pytest

from services.notifications.tests.facts import TODAY, Customer
from services.notifications.tests.house import House
from shared.ids import partition_of
from shared.messaging.customers import lock_customers


async def test_nothing_is_claimed_before_everything_is_heard(house: House) -> None:
    """N5: only partitions whose topics are applied to the end as asked for this round."""
    customer = Customer()
    await house.ready(customer)
    await house.open()
    await house.work_day()
    number = partition_of(customer.customer_id, house.context.partitions)

    house.gates.closed.add(number)
    await house.send()
    house.gates.closed.clear()
    house.gates.ends["ledger"] = 5  # one more event than is stored here
    await house.send()
    assert house.sink.taken == []
    assert await house.unfinished() == [customer.customer_id]

    await house.position("ledger", number, 5)
    await house.send()
    assert len(house.sink.taken) == 1
    assert await house.rows("SELECT positions FROM attempt") == [({"dueflow.ledger": 5, "dueflow.collections": 0},)]


async def test_nothing_is_claimed_in_a_stopped_partition_or_for_a_parked_customer(house: House) -> None:
    """N5, P6: neither partition nor customer is stopped or parked."""
    customer = Customer()
    await house.ready(customer)
    await house.open()
    await house.work_day()
    number = partition_of(customer.customer_id, house.context.partitions)
    await house.position("collections", number, 1)

    await house.execute("UPDATE stream_position SET stopped_at = now(), stopped_reason = 'hole'")
    await house.send()
    await house.execute("UPDATE stream_position SET stopped_at = NULL")
    await house.execute("UPDATE customer SET parked_at = now()")
    await house.send()
    assert house.sink.taken == []

    await house.execute("UPDATE customer SET parked_at = NULL")
    await house.send()
    assert len(house.sink.taken) == 1


async def test_a_message_that_cannot_be_stored_stops_no_other(house: House) -> None:
    """P6 in kind: what is bad by itself is found by halving, set aside and reported; the others go."""
    customers = [Customer(f"C-{number}") for number in range(5)]
    for customer in customers:
        await house.ready(customer)
    await house.execute(
        f"ALTER TABLE message ADD CONSTRAINT bad CHECK (attempts = 0 OR customer_id <> '{customers[3].customer_id}')"
    )

    await house.live(TODAY)

    assert len(house.sink.taken) == 4
    assert await house.state(customers[3].message_id()) == ("released", "cannot_be_claimed")
    assert await house.unfinished() == [customers[3].customer_id]


async def test_a_customer_whom_somebody_else_holds_is_left_for_the_next_round(house: House) -> None:
    """Architecture, lock order: the sender waits for nobody, and overtakes nobody."""
    customer = Customer()
    await house.ready(customer)
    await house.open()
    await house.work_day()

    async with house.context.begin() as connection:
        await lock_customers(connection, [customer.customer_id], partitions=house.context.partitions)
        assert not await house.sender.round()
    assert await house.sender.round()
    assert len(house.sink.taken) == 1


async def test_row_38_a_payment_at_any_moment_is_either_before_the_claim_or_after_it(house: House) -> None:
    """Faults 2.38: the balance is read in the claim's transaction; nobody is reminded of what was paid before it."""
    assert await _pay_while_sending(house, customers=25) == {"sent", "withheld"}


@pytest.mark.minutes
@pytest.mark.timeout(400)
async def test_row_38_five_hundred_payments_while_the_reminder_is_sent(house: House) -> None:
    """Faults 2.38: the same at five hundred moments."""
    assert await _pay_while_sending(house, customers=500) == {"sent", "withheld"}


async def _pay_while_sending(house: House, *, customers: int) -> set[str]:
    """Let one after the other pay at a moment of his own around the sending; return what became of the reminders."""
    rng = random.Random(customers)  # noqa: S311 - a test's dice
    await house.open()
    ends = set()
    span = 0.04  # the moments must lie apart as far as the work lasts; that is longer on a slow machine
    for number in range(customers):
        customer = Customer(f"C-{number}")
        await house.ready(customer)
        await house.work_day()
        paying = _later(rng.uniform(0, span), partial(house.hear, customer.paid("INV-1")))
        sending = _later(rng.uniform(0, span), house.send)
        (pays, paid), (sends, sent) = await asyncio.gather(paying, sending)
        span = max(span, 2 * (paid - pays), 2 * (sent - sends))
        await house.send()
        state, reason = await house.state(customer.message_id())
        assert (state, reason) in {("sent", None), ("withheld", "paid")}, number
        assert state == "withheld" or sends < paid, f"{number}: paid before anybody looked"
        assert state == "sent" or pays < sent, f"{number}: nothing was paid before it went"
        assert len(house.sink.taken) == (1 if state == "sent" else 0), number
        house.sink.taken.clear()
        ends.add(state)
    return ends


async def _later(seconds: float, what: Callable[[], Awaitable[None]]) -> tuple[float, float]:
    """Do something after a while; return when it began and ended."""
    await asyncio.sleep(seconds)
    began = time.monotonic()
    await what()
    return began, time.monotonic()
