"""Proves P5 and P6: a day's work comes after what came before it, once; a bad event sets one customer aside."""

import asyncio
from datetime import timedelta

import pytest

from shared.ids import customer_id_of
from shared.messaging.noting_days import DayUnfinished
from shared.messaging.parking import NotParked
from shared.messaging.tests.toy import TODAY, YESTERDAY, Toy, customers_in, day_marker, settled
from shared.messaging.topic_reader import TopicReader


async def test_a_day_is_worked_once_after_everything_before_it_and_ends_with_a_marker(toy: Toy) -> None:
    """P5: the marker's partition does the work of its customers, then writes DayWorked."""
    first, second = customers_in(0, 2)
    async with toy.running():
        await toy.publish(settled(first, "A"), settled(second, "B"), day_marker(TODAY, 0), settled(first, "C"))
        await toy.until("SELECT count(*) FROM outbox WHERE wire = 'credit.day-worked.v1'", 1)
        await toy.until("SELECT count(*) FROM effect", 5)
    assert await toy.effects(first) == [f"{YESTERDAY} A", f"day {TODAY}", f"{TODAY} C"]
    assert await toy.effects(second) == [f"{YESTERDAY} B", f"day {TODAY}"]
    assert (await toy.ask("SELECT body FROM outbox"))[0][0] == f'{{"day":"{TODAY}"}}'


async def test_a_day_that_waits_for_something_outside_ends_when_that_is_done(toy: Toy) -> None:
    """P5: the next day queues behind one that is not worked to its end."""
    customer = customers_in(1, 1)[0]
    toy.subscription.finished = False
    async with toy.running():
        await toy.publish(settled(customer, "A"), day_marker(TODAY, 1))
        await toy.until("SELECT count(*) FROM day_seen WHERE work_day IS NOT NULL", 1)
        await toy.until("SELECT count(*) FROM outbox", 0)
        toy.subscription.finished = True
        await toy.until("SELECT count(*) FROM outbox", 1)


async def test_row_13_a_day_that_another_worker_left_unfinished_is_worked_before_the_next(toy: Toy) -> None:
    """P5, faults 2.13: a worker that slept through a rebalance knows of no pending day; the tables do."""
    customer = customers_in(0, 1)[0]
    toy.subscription.finished = False
    async with toy.running():
        await toy.publish(settled(customer, "A"), day_marker(TODAY, 0))
        await toy.until("SELECT count(*) FROM day_seen WHERE work_day IS NOT NULL", 1)
    tomorrow = TODAY + timedelta(days=1)
    await toy.publish(day_marker(tomorrow, 0))
    async with toy.running(consumer=False):
        reader = TopicReader(toy.bootstrap, toy.topic)
        await reader.start()
        async with asyncio.timeout(60):
            while len(records := (await reader.read_to_end())[toy.topic, 0]) < 3:
                await asyncio.sleep(0.1)
        await reader.close()
    with pytest.raises(DayUnfinished):
        await toy.lane.take((toy.topic, 0), records[-1:])
    toy.subscription.finished = True
    async with toy.running():
        await toy.until("SELECT count(*) FROM outbox", 2)
    assert await toy.effects(customer) == [f"{YESTERDAY} A", f"day {TODAY}", f"day {tomorrow}"]


async def test_row_17_a_bad_event_parks_its_customer_and_no_other(toy: Toy) -> None:
    """P6, faults 2.17: one poison event among many; later events and days of that customer queue behind it in order."""
    sick, *healthy = customers_in(0, 4)
    async with toy.running():
        await toy.publish(
            settled(healthy[0], "H1"),
            settled(sick, "ok"),
            settled(sick, "BAD"),
            settled(sick, "after"),
            settled(healthy[1], "H2"),
            day_marker(TODAY, 0),
            settled(healthy[2], "H3"),
        )
        await toy.until("SELECT count(*) FROM effect WHERE what LIKE '%H3'", 1)
        await toy.until("SELECT count(*) FROM outbox", 1)
    assert await toy.effects(sick) == [f"{YESTERDAY} ok"]
    [parked] = await toy.parking.parked()
    assert (parked.customer_id, parked.items) == (customer_id_of(sick), 3)
    assert parked.cause == "Refused: this number is bad"
    assert [each.day for each in await toy.parking.queue(parked.customer_id)] == [None, None, TODAY]


async def test_row_17_one_poison_among_a_thousand_queues_its_customer_only(toy: Toy) -> None:
    """P6, faults 2.17: whatever batch it came in, all before it and all of others take effect, in order."""
    people = customers_in(0, 20)
    told = [(people[n % 20], "BAD" if n == 500 else f"T-{n}") for n in range(1000)]
    await toy.publish(*(settled(customer, number) for customer, number in told))
    async with toy.running():
        await toy.until("SELECT count(*) FROM effect", 975)
        await toy.until("SELECT count(*) FROM parked_item", 25)
    for customer in people:
        numbers = [number for other, number in told if other == customer]
        expected = numbers[: numbers.index("BAD")] if "BAD" in numbers else numbers
        assert [each.split()[-1] for each in await toy.effects(customer)] == expected
    [parked] = await toy.parking.parked()
    assert (parked.customer_id, parked.cause) == (customer_id_of(people[0]), "Refused: this number is bad")
    behind = [each.cause for each in await toy.parking.queue(parked.customer_id)]
    assert behind == ["Refused: this number is bad", *[None] * 24]


async def test_release_applies_the_queue_in_order_or_nothing(toy: Toy) -> None:
    """P6: while the cause lasts a release changes nothing; once it is mended the queue flows in order."""
    sick = customers_in(0, 1)[0]
    async with toy.running():
        await toy.publish(settled(sick, "BAD"), settled(sick, "after"), day_marker(TODAY, 0))
        await toy.until("SELECT count(*) FROM parked_item", 3)
    customer_id = customer_id_of(sick)
    refused = await toy.parking.release(customer_id, actor="ops")
    assert (refused.applied, refused.cause) == (0, "Refused: this number is bad")
    assert await toy.effects() == []
    toy.subscription.refuses = False
    released = await toy.parking.release(customer_id, actor="ops")
    assert (released.applied, released.stopped_by) == (3, None)
    assert [each.split(maxsplit=1)[1] for each in await toy.effects(sick)] == ["BAD", "after", str(TODAY)]
    assert await toy.parking.parked() == []


async def test_discard_drops_the_bad_item_only(toy: Toy) -> None:
    """P6: a person may decide that an event never takes effect here; the rest of the queue then flows."""
    sick = customers_in(0, 1)[0]
    async with toy.running():
        await toy.publish(settled(sick, "BAD"), settled(sick, "after"))
        await toy.until("SELECT count(*) FROM parked_item", 2)
    customer_id = customer_id_of(sick)
    bad = (await toy.parking.queue(customer_id))[0]
    await toy.parking.discard(customer_id, bad.item_id, actor="ops", reason="sent twice")
    with pytest.raises(NotParked):
        await toy.parking.discard(customer_id, bad.item_id, actor="ops", reason="again")
    assert (await toy.parking.release(customer_id, actor="ops")).applied == 1
    assert [each.split()[-1] for each in await toy.effects(sick)] == ["after"]
    (kept,) = await toy.parking.discarded(customer_id)
    assert (kept.item, kept.discarded_by, kept.reason) == (bad, "ops", "sent twice")


async def test_a_customer_whose_queue_was_given_up_is_shown_until_he_is_released(toy: Toy) -> None:
    """P6: his events go on to queue, and the figure counts him: the list must not forget him."""
    sick = customers_in(0, 1)[0]
    async with toy.running():
        await toy.publish(settled(sick, "BAD"))
        await toy.until("SELECT count(*) FROM parked_item", 1)
    customer_id = customer_id_of(sick)
    [bad] = await toy.parking.queue(customer_id)
    await toy.parking.discard(customer_id, bad.item_id, actor="ops", reason="sent twice")
    assert [(each.customer_id, each.items, each.cause) for each in await toy.parking.parked()] == [
        (customer_id, 0, None)
    ]
    assert (await toy.parking.release(customer_id, actor="ops")).applied == 0
    assert await toy.parking.parked() == []
