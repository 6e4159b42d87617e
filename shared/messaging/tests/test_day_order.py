"""Proves P5: what another topic tells of a day waits for the ledger's marker of it, and for nothing else."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.database import open_engine
from shared.messaging import positions
from shared.messaging.day_order import DayOrder
from shared.messaging.kafka import Record
from tests.databases import FreshDatabase

TODAY = date(2026, 3, 2)
TOMORROW = TODAY + timedelta(days=1)
LEDGER, OTHER = ("ledger", 0), ("collections", 0)


@pytest.fixture
async def engine(fresh_database: FreshDatabase) -> AsyncEngine:
    """A service's database in which no day has come."""
    return open_engine(await fresh_database("credit"), connections=2, application="test")


async def come(engine: AsyncEngine, day: date) -> None:
    """Let the ledger's marker of a day be read."""
    async with engine.begin() as connection:
        await positions.see_day(connection, 0, day)


def told(*days: date | str | None) -> list[Record]:
    """Return records of these business dates, or of none."""
    headers = [[] if each is None else [("ce_businessdate", str(each).encode())] for each in days]
    return [Record(OTHER[0], 0, offset, each, None) for offset, each in enumerate(headers)]


async def offsets(order: DayOrder, records: Sequence[Record], *, place: tuple[str, int] = OTHER) -> list[int]:
    """Return which of the records may be applied now."""
    return [each.offset for each in await order.ready(place, records)]


async def test_a_day_told_ahead_waits_for_its_marker(engine: AsyncEngine) -> None:
    """P5: what came before it goes on meanwhile, and so does the ledger's own topic."""
    order = DayOrder(engine, LEDGER[0])
    assert await offsets(order, told(TOMORROW)) == [0], "before the first day there is nothing to wait for"
    await come(engine, TODAY)
    mixed = told(TODAY, TODAY, TOMORROW, TODAY)
    assert await offsets(order, mixed) == [0, 1]
    assert await offsets(order, mixed[2:]) == []
    assert await offsets(order, mixed, place=LEDGER) == [0, 1, 2, 3]
    await come(engine, TOMORROW)
    assert await offsets(order, mixed[2:]) == [2, 3]
    await engine.dispose()


async def test_a_day_that_does_not_come_stops_nobody(engine: AsyncEngine) -> None:
    """P7: the ledger may be down in the middle of a day's opening, and a record may name any date or none."""
    order = DayOrder(engine, LEDGER[0], hold_seconds=0)
    await come(engine, TODAY)
    far = told(None, "no date", date(2099, 1, 1), TOMORROW)
    assert await offsets(order, far) == [0, 1]
    assert await offsets(order, far[2:]) == [2], "it has waited long enough"
    assert await offsets(order, far[3:]) == [3], "and so has what tells of an earlier day"
    await engine.dispose()
