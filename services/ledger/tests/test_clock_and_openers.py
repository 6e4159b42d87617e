"""Days under a clock that leaps or changes to summer, and under five who open them at once: each once, none skipped."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from services.ledger.api.days import CHANNEL
from services.ledger.day_opening import _ask_for_today, advance, make_opener, open_days
from services.ledger.tests.rest import ENTITY, House, invoice_body, make_house
from services.ledger.usecases import advance_day
from services.ledger.usecases.advance_day import Step
from shared.clock import FixedClock, civil_date
from tests.databases import FreshDatabase

OPENERS = 5


@asynccontextmanager
async def _opening_by_itself(url: str, folder: Path, clock: FixedClock) -> AsyncIterator[House]:
    """A ledger whose worker opens each day when it has come by this clock."""
    house = make_house(url, folder, clock="civil", auto_open_days=True)
    task = asyncio.ensure_future(open_days(replace(house.context, clock=clock))())
    yield house
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await _close(house)


async def test_row_34_a_clock_that_leaps_opens_no_day_twice_and_skips_none(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    """Faults 2.34: an hour ahead over midnight, back again, and on to the next month."""
    clock = FixedClock(datetime(2026, 1, 30, 23, 30, tzinfo=UTC))
    async with _opening_by_itself(await fresh_database("ledger"), tmp_path, clock) as house:
        await _opened(house, date(2026, 1, 30))
        for hours, day in ((1, date(2026, 1, 31)), (-2, date(2026, 1, 31)), (24 * 31, date(2026, 3, 2))):
            clock.at += timedelta(hours=hours)
            await house.context.wake.notify(CHANNEL)
            await _opened(house, day)
        await _each_once(house, [date(2026, 1, 30) + timedelta(days=each) for each in range(32)])


@pytest.mark.parametrize(
    ("zone", "night"),
    [
        pytest.param("Europe/Berlin", date(2026, 3, 29), id="Berlin-02:30-is-missing"),
        pytest.param("Europe/Berlin", date(2026, 10, 25), id="Berlin-02:30-comes-twice"),
        pytest.param("Pacific/Auckland", date(2026, 9, 27), id="Auckland-02:30-is-missing"),
        pytest.param("Pacific/Auckland", date(2026, 4, 5), id="Auckland-02:30-comes-twice"),
    ],
)
async def test_row_35_a_night_in_which_the_clocks_change_has_one_day(
    fresh_database: FreshDatabase, tmp_path: Path, zone: str, night: date
) -> None:
    """Faults 2.35: looked at every half hour of three days, a day opens at its midnight there, and once."""
    house = make_house(await fresh_database("ledger"), tmp_path, clock="civil", auto_open_days=True)
    clock = FixedClock(datetime(night.year, night.month, night.day, 12, tzinfo=UTC) - timedelta(days=2))
    awake = replace(house, context=replace(house.context, clock=clock))
    first = clock.at.date()
    await _look(awake)
    await house.done("/entities", {**ENTITY, "zone": zone})
    seen: dict[date, datetime] = {}
    for _ in range(3 * 24 * 2):
        await _look(awake)
        [row] = await house.rows("SELECT max(day) AS day FROM business_day WHERE state = 'open'")
        seen.setdefault(row["day"], clock.at)
        assert row["day"] == civil_date(clock.at, zone)
        clock.at += timedelta(minutes=30)
    assert seen[night].astimezone(ZoneInfo(zone)).time() == time(0)
    await _each_once(house, sorted({first, *seen}))
    await _close(house)


async def _look(house: House) -> None:
    """Let the worker look at the clock once, and open what has come."""
    await _ask_for_today(house.context)
    await house.work()


async def _opened(house: House, day: date) -> None:
    async with asyncio.timeout(60):
        while await house.rows("SELECT max(day) AS day FROM business_day WHERE state = 'open'") != [{"day": day}]:
            await asyncio.sleep(0.05)


async def _each_once(house: House, days: list[date]) -> None:
    """Assert that the markers tell of these days, in order, each once in each partition."""
    outbox = await house.rows("SELECT business_date FROM outbox WHERE wire LIKE '%reached%' ORDER BY id")
    markers = [row["business_date"] for row in outbox]
    assert list(dict.fromkeys(markers)) == days
    assert Counter(markers) == dict.fromkeys(days, house.context.partitions)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_row_36_five_who_open_days_at_once_while_one_ends_now_and_then(
    house: House, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Faults 2.36, L7: every overdue and every marker once, in the order of the days, whoever did it."""
    monkeypatch.setattr(advance_day, "CHUNK", 3)
    dice = random.Random(seed)  # noqa: S311 - a test's dice
    due = [f"2026-01-0{1 + number % 5}" for number in range(40)]
    items = [invoice_body(f"I-{n}", "1.00", due[n], customer_number=f"C-{n}") for n in range(40)]
    await house.done("/invoices/batch", {"items": items})
    await house.published()
    before = await house.rows("SELECT DISTINCT business_date FROM outbox WHERE wire LIKE '%reached%' ORDER BY 1")
    await house.done("/business-days", {"day": "2026-01-07"})
    openers = [asyncio.create_task(_open_all(house)) for _ in range(OPENERS)]
    ended = 0
    for _ in range(12):
        await asyncio.sleep(dice.uniform(0, 0.02))
        victim = dice.randrange(OPENERS)
        openers[victim].cancel()
        await asyncio.wait([openers[victim]])
        ended += openers[victim].cancelled()
        openers[victim] = asyncio.create_task(_open_all(house))
    await asyncio.gather(*openers)
    assert ended > 0, "somebody died at work"
    told = [(event["number"], event["episode"]) for name, event in await house.published() if name == "invoice-overdue"]
    assert sorted(told) == sorted((f"I-{n}", 1) for n in range(40))
    known = [row["business_date"] for row in before]
    await _each_once(house, [*known, *(date(2026, 1, day) for day in range(2, 8))])


async def _open_all(house: House) -> None:
    opener = make_opener(house.context)
    while await advance(house.context, opener) is not Step.NOTHING:
        pass


async def _close(house: House) -> None:
    await house.client.aclose()
    await house.context.wake.close()
    await house.context.engine.dispose()
