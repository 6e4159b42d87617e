"""Records that come again, to the byte or not: what is applied stays as it is, and the checker tells an unlike copy."""

from dataclasses import replace

import pytest
from prometheus_client import REGISTRY

from checker.histories import read_histories
from shared.messaging import new_epoch_store
from shared.messaging.tests.topic import numbers_of, records_of, tell, write
from shared.messaging.tests.toy import TODAY, YESTERDAY, Toy, customers_in, day_marker, settled


async def test_row_14_an_event_that_comes_a_hundred_times_more_takes_effect_once(toy: Toy) -> None:
    """Faults 2.14: each of three once, twice, up to a hundred times more; the repeats are counted."""
    [customer] = customers_in(0, 1)
    await toy.publish(*(settled(customer, f"A-{n}") for n in range(3)))
    async with toy.running():
        await toy.until("SELECT count(*) FROM effect", 3)
        told = await records_of(toy)
        await write(toy, *(each for times in (1, 2, 100) for each in told for _ in range(times)))
        await toy.publish(settled(customer, "A-3"))
        await toy.until("SELECT count(*) FROM effect", 4)
    assert [each.split()[-1] for each in await toy.effects()] == [f"A-{n}" for n in range(4)]
    assert REGISTRY.get_sample_value("dueflow_events_duplicate_total", {"topic": toy.topic}) == 103 * 3


async def test_row_14_a_copy_of_a_marker_is_no_day_that_would_have_to_wait(toy: Toy) -> None:
    """Faults 2.14: behind it lies what the day itself may wait for, as a mail that must not overtake a payment.

    Chaos, seed 203: it queued behind the day that it had begun, and neither ever went on.
    """
    waiting, customer = customers_in(0, 2)
    toy.subscription.finished = False
    async with toy.running():
        await toy.publish(day_marker(YESTERDAY, 0), settled(waiting, "W-0"), day_marker(TODAY, 0))
        await toy.until("SELECT count(*) FROM day_seen WHERE work_day = '2026-03-02'", 1)
        await write(toy, *(await records_of(toy)))
        await toy.publish(settled(customer, "A-0"))
        await toy.until("SELECT count(*) FROM effect WHERE what LIKE '%A-0'", 1)
        assert await numbers_of(toy, waiting) == ["W-0"]
        toy.subscription.finished = True
        await toy.until("SELECT count(*) FROM effect WHERE what = 'day 2026-03-02'", 1)


@pytest.mark.parametrize("which", [0, 2], ids=["an-old-one", "the-last-one"])
async def test_row_15_an_event_with_another_body_is_not_applied_and_the_checker_tells(toy: Toy, which: int) -> None:
    """Faults 2.15, invariants 8 and 9: the same id and number, other bytes; the stream goes on without them."""
    [customer] = customers_in(0, 1)
    await toy.publish(*(settled(customer, f"A-{n}") for n in range(3)))
    async with toy.running():
        await toy.until("SELECT count(*) FROM effect", 3)
        original = (await records_of(toy))[which]
        forged = replace(original, body=(original.body or b"").replace(b"A-", b"FORGED-"))
        assert forged.body != original.body
        await write(toy, forged)
        await toy.publish(settled(customer, "A-3"))
        await toy.until("SELECT count(*) FROM effect", 4)
    assert [each.split()[-1] for each in await toy.effects()] == [f"A-{n}" for n in range(4)]
    history = (await read_histories(toy.bootstrap, topic_prefix=toy.prefix, services=["ledger"]))["ledger"]
    [unlike] = history.unlike_copies
    assert unlike.startswith(f"{toy.topic}/0 offset 3: event ")
    assert (history.holes, history.count()) == ([], 4)


async def test_row_15_an_event_that_was_applied_under_another_number_is_told(toy: Toy) -> None:
    """Faults 2.15: written behind the end with the next number, it takes a place that is the next event's."""
    [customer] = customers_in(0, 1)
    await toy.publish(settled(customer, "A-0"), settled(customer, "A-1"))
    async with toy.running():
        await toy.until("SELECT count(*) FROM effect", 2)
    first, last = await records_of(toy)
    numbers = {"ce_sequence": b"3", "ce_previousid": dict(last.headers)["ce_id"]}
    await write(toy, replace(first, headers=list((dict(first.headers) | numbers).items())))
    history = (await read_histories(toy.bootstrap, topic_prefix=toy.prefix, services=["ledger"]))["ledger"]
    [unlike] = history.unlike_copies
    assert unlike.endswith(" under another number")


async def test_row_14_copies_of_an_epoch_that_has_ended_stop_nobody(toy: Toy) -> None:
    """P4, faults 2.14: behind the newer epoch, with nothing after them to which a reader could be led."""
    [customer] = customers_in(0, 1)
    await tell(toy, customer, ["B-0", "B-1"], applied=2)
    ended = await records_of(toy)
    async with toy.publisher.begin() as connection:
        await new_epoch_store.begin_epoch(connection, 0, 2)
    await tell(toy, customer, ["B-2"], applied=3)
    await write(toy, *ended)
    async with toy.running(relay=False):
        await toy.until("SELECT next_offset FROM stream_position WHERE partition_no = 0", 5)
    await tell(toy, customer, ["B-3"], applied=4)
    assert await numbers_of(toy, customer) == [f"B-{n}" for n in range(4)]
    assert await toy.ask("SELECT stopped_reason FROM stream_position WHERE partition_no = 0") == [(None,)]
