"""What is over is not in a customer's book, but for what an event speaks of (K5)."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from services.collections.tests.house import House, days
from services.collections.tests.story import Story

FIRST = date(2026, 1, 1)
DUE = FIRST + timedelta(days=10)


async def _reminded(house: House, story: Story) -> dict[str, Any]:
    """Let two debts of one customer become overdue, and return the reminder that is planned of both."""
    await house.see_day(FIRST)
    told = [story.issued(number, (DUE, 100_000)) for number in ("I-1", "I-2")]
    await house.hear(story.recorded(), story.registered("C"), *told, today=FIRST)
    for day in days(FIRST, DUE + timedelta(days=10)):
        story.today = day
        await house.open_day(day)
        if day == DUE + timedelta(days=1):
            await house.hear(story.overdue("I-1"), story.overdue("I-2"), today=day)
    return [body for _, body in await house.outbox("reminder-planned") if body["step"] == "reminder"][-1]


async def _steps(house: House, reminder: dict[str, Any]) -> dict[UUID, tuple[str, str | None]]:
    rows = await house.rows(
        "SELECT instalment_id, state, reason FROM instalment_step WHERE reminder_id = :id", id=reminder["reminder_id"]
    )
    return {each[0]: each[1:] for each in rows}


async def test_k5_a_line_that_was_paid_before_its_message_left_is_freed(house: House) -> None:
    """K5, faults 6.15: the sender drops it; when the message is gone, its step waits for nothing. Chaos, seed 201."""
    story = Story(today=FIRST)
    reminder = await _reminded(house, story)
    await house.hear(story.paid("P-1", ("I-1", 100_000)), today=story.today)
    kept = [each for each in reminder["lines"] if each["invoice_number"] == "I-2"]
    await house.hear(story.sent({**reminder, "lines": kept}), today=story.today)
    assert await _steps(house, reminder) == {
        story.instalment_id("I-1"): ("withdrawn", "dropped"),
        story.instalment_id("I-2"): ("sent", None),
    }


async def test_k5_lines_that_were_paid_one_after_the_other_are_freed_with_their_message(house: House) -> None:
    """K5, faults 6.15: with the last of them the message is taken back, and so are all its steps. Chaos, seed 203."""
    story = Story(today=FIRST)
    reminder = await _reminded(house, story)
    for number in ("I-1", "I-2"):
        await house.hear(story.paid(f"P-{number}", (number, 100_000)), today=story.today)
    assert [body["reason"] for _, body in await house.outbox("reminder-withdrawn")][-1] == "paid"
    taken = ("withdrawn", "paid")
    assert await _steps(house, reminder) == {story.instalment_id("I-1"): taken, story.instalment_id("I-2"): taken}
