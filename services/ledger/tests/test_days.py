"""Business days: opened in order, in short steps, each overdue said exactly once (L7, P5)."""

import asyncio
from datetime import date
from pathlib import Path

import pytest

from services.ledger.day_opening import advance, make_opener, open_days
from services.ledger.tests.rest import ENTITY, House, invoice_body, make_house
from services.ledger.usecases import advance_day
from services.ledger.usecases.advance_day import Step
from services.ledger.usecases.note_worked_days import WorkedDay, note_worked_days
from shared.ids import new_id
from tests.databases import FreshDatabase


async def overdue(house: House) -> list[tuple[str, int]]:
    """Return number and episode of each InvoiceOverdue since the last call."""
    return [(event["number"], event["episode"]) for name, event in await house.published() if name == "invoice-overdue"]


async def test_nothing_is_recorded_before_the_first_day(empty_house: House) -> None:
    """L7: the first day posted is the start, whatever it is."""
    answer = await empty_house.post("/invoices", invoice_body("I-1", "1.00", "2026-02-01"))
    assert (answer.status_code, "POST /v1/business-days first" in answer.json()["detail"]) == (409, True)
    await empty_house.open("2012-01-31")
    assert (await empty_house.get("/business-days/current"))["day"] == "2012-01-31"
    assert (await empty_house.post("/business-days", {"day": "2012-01-30"})).status_code == 409


async def test_an_instalment_is_overdue_on_the_day_after_its_due_date_and_that_is_said_once(house: House) -> None:
    """L7, facts 3.2: day 0 is not overdue; opening a day twice changes nothing."""
    two = [{"due_date": "2026-01-01", "amount": "40.00"}, {"due_date": "2026-01-02", "amount": "60.00"}]
    await house.invoice("I-1", "100.00", "", instalments=two)
    await house.open("2026-01-01")
    assert await overdue(house) == []
    await house.open("2026-01-02")
    assert await overdue(house) == [("I-1", 1)]
    await house.open("2026-01-02")
    await house.open("2026-01-09")
    assert await overdue(house) == [("I-1", 1)]
    assert (await house.get("/business-days/2026-01-03"))["overdue"] == 1


async def test_missed_days_are_opened_one_by_one_each_with_a_marker_behind_its_overdues(house: House) -> None:
    """L7, P5: whoever reads the marker of D has seen D's InvoiceOverdue; every partition gets one."""
    await house.invoice("I-1", "1.00", "2026-01-02")
    await house.open("2026-01-04")
    rows = await house.rows(
        "SELECT wire, business_date, partition_no FROM outbox "
        "WHERE wire LIKE '%overdue%' OR wire LIKE '%reached%' ORDER BY id"
    )
    kinds = [(str(row["business_date"]), "overdue" in row["wire"]) for row in rows]
    assert (
        kinds[-9:]
        == [
            *[("2026-01-02", False)] * 4,
            ("2026-01-03", True),
            *[("2026-01-03", False)] * 4,
            *[("2026-01-04", False)] * 4,
        ][-9:]
    )
    assert [row["partition_no"] for row in rows[-4:]] == [0, 1, 2, 3]
    assert (await house.get("/business-days/2026-01-03"))["state"] == "closed"


async def test_a_crash_at_any_step_of_a_day_is_continued_by_the_next_worker(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """L7, faults 2: the state is in the tables; nothing is said twice, nothing is lost."""
    monkeypatch.setattr(advance_day, "CHUNK", 2)
    items = [invoice_body(f"I-{number}", "1.00", "2026-01-01", customer_number=f"C-{number}") for number in range(5)]
    items.append(invoice_body("I-pending", "1.00", "2026-01-01", issue_date="2026-01-02"))
    await house.done("/invoices/batch", {"items": items})
    await house.published()
    await house.done("/business-days", {"day": "2026-01-02"})
    opener, steps = make_opener(house.context), 0
    while True:
        async with house.context.engine.connect() as connection:
            await opener.advance(connection, now=house.context.clock.now())
            await connection.rollback()
        if await advance(house.context, opener) is Step.NOTHING:
            break
        steps += 1
    assert steps == 6  # turn, count, three chunks, markers
    assert sorted(await overdue(house)) == sorted([*((f"I-{number}", 1) for number in range(5)), ("I-pending", 1)])


async def test_a_payment_before_its_debt_is_marked_says_the_overdue_itself(house: House) -> None:
    """L7: what is overdue does not depend on how fast a day is marked."""
    await house.invoice("I-1", "100.00", "2026-01-01")
    await house.done("/business-days", {"day": "2026-01-02"})
    assert await advance(house.context, make_opener(house.context)) is Step.DONE  # turned, nothing marked yet
    await house.published()
    await house.pay("P-1", "100.00", "2026-01-02")
    assert next(name for name, _ in await house.published()) == "invoice-overdue"
    await house.work()
    assert await overdue(house) == []


async def test_the_next_day_waits_until_all_services_have_ended_the_last_one(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    """L7: under the fast clock, D+1 opens when each follower has written D for all partitions."""
    house = make_house(await fresh_database("ledger"), tmp_path, day_followers=("credit", "collections"))
    await house.open("2026-01-01")
    await house.done("/business-days", {"day": "2026-01-02"})
    assert await house.work() is Step.WAITS
    await worked(house, "credit", 4)
    await worked(house, "collections", 3)
    assert await house.work() is Step.WAITS
    day = await house.get("/business-days/2026-01-01")
    assert (day["worked"], day["complete"]) == ({"credit": 4, "collections": 3}, False)
    assert not (await house.get("/business-days/2026-01-01?wait_seconds=1"))["complete"]
    waiting = asyncio.create_task(house.get("/business-days/2026-01-01?wait_seconds=30"))
    await worked(house, "collections", 1)
    assert (await waiting)["complete"]
    assert await house.work() is Step.NOTHING
    assert (await house.get("/business-days/current"))["day"] == "2026-01-02"
    await close(house)


async def test_under_the_civil_clock_a_day_that_has_not_come_is_refused_and_patience_ends(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    """L7: a service that is down holds no day up for ever in production."""
    house = make_house(
        await fresh_database("ledger"), tmp_path, clock="civil", day_followers=("credit",), day_patience_minutes=0
    )
    await house.open("2026-01-01")
    await house.done("/entities", ENTITY)
    answer = await house.post("/business-days", {"day": "2090-01-01"})
    assert answer.status_code == 422
    await house.open("2026-01-02")
    assert (await house.get("/business-days/current"))["day"] == "2026-01-02"
    await close(house)


async def test_the_worker_opens_today_by_itself_where_it_is_told_to(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    """L7: at midnight of the zone in which the day begins first; UTC before there is an entity."""
    house = make_house(await fresh_database("ledger"), tmp_path, clock="civil", auto_open_days=True)
    task = asyncio.ensure_future(open_days(house.context)())
    opened: list[dict[str, object]] = []
    began_on = house.context.clock.now().date()
    async with asyncio.timeout(60):
        while not opened:
            await asyncio.sleep(0.05)
            opened = await house.rows("SELECT day FROM business_day WHERE state = 'open'")
    task.cancel()
    ended_on = house.context.clock.now().date()
    assert opened in ([{"day": began_on}], [{"day": ended_on}]), "midnight may come meanwhile"
    await close(house)


async def worked(house: House, service: str, partitions: int) -> None:
    """Let a service end 2026-01-01 in so many partitions."""
    async with house.context.begin() as connection:
        days = [WorkedDay(service, date(2026, 1, 1), new_id()) for _ in range(partitions)]
        await note_worked_days(connection, days)


async def close(house: House) -> None:
    """Let go of the database."""
    await house.client.aclose()
    await house.context.wake.close()
    await house.context.engine.dispose()
