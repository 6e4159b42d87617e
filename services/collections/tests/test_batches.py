"""However the same records are cut into batches, rows and outbox are equal; what is heard again changes nothing."""

import random
from datetime import date, timedelta
from typing import Any

import pytest

from services.collections.tests.house import PARTITIONS, House, days
from services.collections.tests.story import Story
from shared.database import open_engine
from shared.ids import customer_id_of, partition_of
from shared.messaging.subscription import Received
from tests.databases import FreshDatabase

FIRST, LAST = date(2026, 3, 2), date(2026, 4, 25)
TABLES = (
    "customer",
    "customer_profile",
    "receivable",
    "instalment_step",
    "collection_case",
    "reminder",
    "task",
    "promise",
    "dispute",
    "entity",
)
Script = list[tuple[date, list[Received]]]


def neighbors(count: int) -> list[str]:
    """Numbers of customers that share a partition."""
    numbers = (f"C-{number}" for number in range(1000))
    return [each for each in numbers if partition_of(customer_id_of(each), PARTITIONS) == 1][:count]


async def play(house: House, seed: int) -> Script:
    """Live through some months with three customers, event by event, and return what was told on each day."""
    draw = random.Random(seed)  # noqa: S311 - a test's dice
    stories = [Story(number=number) for number in neighbors(3)]
    script: Script = []
    for day in days(FIRST, LAST):
        told: list[Received] = []
        for story in stories:
            story.today = day
            told += tell(story, draw)
        for each in told:
            await house.hear(each, today=max(FIRST, day - timedelta(days=1)))
        before = len(await house.outbox("reminder-planned"))
        await house.open_day(day)
        planned = (await house.outbox("reminder-planned"))[before:]
        answered = [answer(stories, body, draw) for _, body in planned]
        for each in answered:
            await house.hear(each, today=day)
        script.append((day, [*told, *answered]))
    return script


def tell(story: Story, draw: random.Random) -> list[Received]:
    """What the ledger and credit tell about one customer on one day."""
    told: list[Received] = []
    if story.today == FIRST:
        told = [story.recorded(), story.registered("C")]
        for number in range(6):
            parts = [(FIRST + timedelta(days=draw.randint(5, 40)), draw.randint(6_000, 90_000)) for _ in range(2)]
            told.append(story.issued(f"I-{number}", *parts))
    for debt in story.debts.values():
        if debt.open and debt.due_date == story.today - timedelta(days=1):
            told.append(story.overdue(debt.invoice, debt.ordinal))
        elif debt.ordinal == 1 and debt.open and draw.random() < 0.02:
            told.append(story.paid(f"P {debt.invoice} {story.told}", (debt.invoice, draw.choice((debt.open, 3_000)))))
        elif debt.ordinal == 1 and debt.open == 0 and draw.random() < 0.02:
            told.append(story.bounced(f"P {debt.invoice}", (debt.invoice, 3_000)))
    return told


def answer(stories: list[Story], reminder: dict[str, Any], draw: random.Random) -> Received:
    """What notifications tell of a reminder."""
    ids = {str(story.instalment_id(invoice, ordinal)): story for story in stories for invoice, ordinal in story.debts}
    story = ids[reminder["lines"][0]["instalment_id"]]
    if draw.random() < 0.2:
        return story.withheld(reminder, draw.choice(["paid", "no_contact_point"]))
    return story.sent(reminder)


async def replay(house: House, script: Script, seed: int) -> None:
    """Tell the same again, cut at random; the day's work comes where it came."""
    draw = random.Random(seed)  # noqa: S311 - a test's dice
    for day, told in script:
        yesterday = max(FIRST, day - timedelta(days=1))
        from_ledger = [each for each in told if each.envelope.source != "notifications"]
        await cut(from_ledger, draw, house, yesterday)
        await house.open_day(day)
        others = [each for each in told if each.envelope.source == "notifications"]
        await cut(others, draw, house, day)


async def cut(told: list[Received], draw: random.Random, house: House, today: date) -> None:
    """Hear what was told in pieces of random length."""
    while told:
        length = draw.randint(1, len(told))
        await house.hear(*told[:length], today=today)
        told = told[length:]


async def dump(house: House) -> dict[str, list[Any]]:
    """All rows of all tables, and the outbox in its order."""
    found = {table: sorted(map(str, await house.rows(f"SELECT * FROM {table}"))) for table in TABLES}
    found["outbox"] = await house.rows(
        "SELECT event_id, wire, subject, business_date, effective_date, body FROM outbox ORDER BY id"
    )
    found["case_entry"] = await house.rows("SELECT entry_id, case_id, kind, effective_date FROM case_entry ORDER BY id")
    return found


@pytest.mark.slow
async def test_batches_cut_at_random_give_equal_rows_and_outbox(fresh_database: FreshDatabase) -> None:
    """K1-K5 with the architecture's rule 5: one event at a time, or many: the same rows and the same outbox."""
    dumps = []
    script: Script = []
    for cutting in (None, 7):
        engine = open_engine(await fresh_database("collections"), connections=4, application="test")
        house = House(engine)
        if cutting is None:
            script = await play(house, seed=1)
        else:
            await replay(house, script, cutting)
        dumps.append(await dump(house))
        await engine.dispose()
    assert len(dumps[0]["outbox"]) > 50
    for table, rows in dumps[0].items():
        assert rows == dumps[1][table], table


async def test_row_14_a_fact_that_is_heard_again_changes_nothing(house: House) -> None:
    """K5, faults 2.14: what is known already brings no event and no row."""
    story = Story(today=FIRST)
    await house.see_day(FIRST)
    told = [story.recorded(), story.registered("C"), story.issued("I-1", (FIRST + timedelta(days=10), 100_000))]
    await house.hear(*told, today=FIRST)
    for day in days(FIRST, FIRST + timedelta(days=20)):
        await house.open_day(day)
    story.today = FIRST + timedelta(days=20)
    overdue = story.overdue("I-1")
    await house.hear(overdue, today=story.today)
    before = await dump(house)
    await house.hear(overdue, today=story.today)
    await house.hear(*told, today=story.today)
    await house.open_day(story.today)
    assert await dump(house) == before
