"""Five senders over one database, of which one dies now and then: no message goes twice, and none is forgotten."""

import asyncio
import random
from collections import Counter
from pathlib import Path

import pytest

from deploy.local.ports import free_port
from deploy.local.topics import ensure_topics
from services.notifications import sender
from services.notifications.sender import Sender
from services.notifications.tests.facts import Customer, person
from services.notifications.tests.house import PARTITIONS, House
from services.notifications.tests.mail_sink import Script
from services.notifications.tests.test_crashes import environment_of, worker

SENDERS = 5


async def _people(house: House, count: int) -> None:
    customers = [Customer(f"C-{number}") for number in range(count)]
    await house.record(*map(person, customers))
    await house.hear(*(fact for each in customers for fact in (each.issued("INV-1"), each.planned("INV-1"))))


async def _never_twice(house: House, count: int) -> None:
    """Assert that each message has an end, that none was taken twice, and that nobody's death is called a success."""
    states = await _states(house)
    assert states.total() == count
    assert states.keys() <= {"sent", "unknown", "retrying"}, "put off is certainly not sent"
    received = Counter(each["Message-ID"] for each in house.sink.mails)
    assert set(received.values()) == {1}
    assert states["sent"] <= received.total() <= count
    twice = "SELECT count(*) FROM attempt WHERE outcome <> 'not_begun' GROUP BY message_id HAVING count(*) > 1"
    assert await house.rows(twice) == []


async def _states(house: House) -> Counter[str]:
    return Counter(state for (state,) in await house.rows("SELECT state FROM message"))


@pytest.mark.parametrize("seed", [1, 2])
async def test_row_36_of_five_senders_one_ends_now_and_then(
    house: House, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Faults 2.36, 2.47: one that is told to stop ends what it has claimed, so that nothing is left in doubt."""
    monkeypatch.setattr(sender, "BATCH", 3)
    dice = random.Random(seed)  # noqa: S311 - a test's dice
    await _people(house, 36)
    await house.open()
    await house.work_day()
    senders = [asyncio.create_task(_send_for_ever(house.sender)) for _ in range(SENDERS)]
    ended = 0
    async with asyncio.timeout(60):
        while (await house.rows("SELECT count(*) FROM message WHERE state IN ('released', 'waiting')"))[0][0]:
            await asyncio.sleep(dice.uniform(0.01, 0.05))
            ended += await _end(senders, dice.randrange(SENDERS))
            senders[:] = [
                asyncio.create_task(_send_for_ever(house.sender)) if each.done() else each for each in senders
            ]
    for number in range(SENDERS):
        await _end(senders, number)
    assert ended > 1
    await _never_twice(house, 36)
    assert (await _states(house)).keys() == {"sent"}


async def _send_for_ever(one: Sender) -> None:
    while True:
        await one.round()
        await asyncio.sleep(0.001)


async def _end(senders: list[asyncio.Task[None]], number: int) -> int:
    senders[number].cancel()
    await asyncio.wait([senders[number]])
    assert senders[number].cancelled(), "it ended by itself"
    return 1


@pytest.mark.slow
@pytest.mark.minutes
@pytest.mark.timeout(400)
async def test_row_36_of_five_workers_one_is_killed_each_second(
    house: House, kafka_bootstrap: str, topic_prefix: str, tmp_path: Path
) -> None:
    """Faults 2.36: real processes and kill -9, while a slow server makes each mail last a second."""
    await ensure_topics(bootstrap=kafka_bootstrap, partitions=PARTITIONS, prefix=topic_prefix)
    house.sink.script = Script(drip=True)
    dice = random.Random(36)  # noqa: S311 - a test's dice
    await _people(house, 150)
    environment = environment_of(house, kafka_bootstrap, topic_prefix, tmp_path)

    own = [{**environment, "DUEFLOW_WORKER_PORT": str(free_port())} for _ in range(SENDERS)]
    workers = [await worker(each) for each in own]
    try:
        async with asyncio.timeout(120):
            while not house.sink.taken:
                await asyncio.sleep(0.1)
        for victim in dice.sample(range(SENDERS), SENDERS) + dice.choices(range(SENDERS), k=10):
            await asyncio.sleep(1)
            workers[victim].kill()
            await workers[victim].wait()
            workers[victim] = await worker(own[victim])
        house.sink.script = Script()
        await house.execute("UPDATE attempt SET lease_until = now() + interval '5 seconds' WHERE outcome IS NULL")
        await _none_is_under_way(house)
    finally:
        for each in workers:
            each.kill()
            await each.wait()
    await _never_twice(house, 150)
    assert (await _states(house))["unknown"], "some died with a mail in their hands"


async def _none_is_under_way(house: House) -> None:
    by_state = "SELECT state, count(*) FROM message GROUP BY state"
    try:
        async with asyncio.timeout(150):
            while {state for state, _ in await house.rows(by_state)} & {"waiting", "released", "claimed"}:
                await asyncio.sleep(0.1)
    except TimeoutError:
        pytest.fail(f"still under way: {await house.rows(by_state)}")
