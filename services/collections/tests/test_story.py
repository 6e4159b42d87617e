"""One debt's life on a real database, day by day, through the calls of the messaging core and the API."""

from datetime import date, timedelta

from services.collections.tests.desk import Desk
from services.collections.tests.house import ONE_DAY, House, days
from services.collections.tests.story import ENTITY, Story
from shared.contracts import credit

ISSUED = date(2026, 3, 2)
DUE = date(2026, 3, 31)  # a Tuesday


async def live_until(house: House, story: Story, last: date) -> None:
    """Open the days on which anything is due, overdue facts first; each message leaves and arrives at once."""
    while story.today < last:
        due = [await house.next_date(), *(each.due_date + ONE_DAY for each in story.debts.values() if each.open), last]
        story.today = min(day for day in due if day is not None and day > story.today)
        for debt in story.debts.values():
            if debt.due_date == story.today - ONE_DAY and debt.open:
                await house.hear(story.overdue(debt.invoice, debt.ordinal), today=debt.due_date)
        before = len(await house.outbox("reminder-planned"))
        await house.open_day(story.today)
        for _, reminder in (await house.outbox("reminder-planned"))[before:]:
            await house.hear(story.sent(reminder), story.delivered(reminder), today=story.today)


async def begin(house: House, *invoices: tuple[str, date, int]) -> Story:
    """Issue these invoices on the day on which the story begins."""
    story = Story(today=ISSUED)
    await house.see_day(ISSUED)
    issued = [story.issued(number, (due_date, amount)) for number, due_date, amount in invoices]
    await house.hear(story.recorded(), *issued, today=ISSUED)
    return story


async def planned(house: House) -> list[tuple[str, str]]:
    """The reminders so far: step and planned date."""
    return [(body["step"], body["planned_date"]) for _, body in await house.outbox("reminder-planned")]


async def test_a_debt_from_issue_over_a_broken_promise_to_the_payment(house: House, desk: Desk) -> None:
    """K1, K2, K3, K5, K8: letter, reminder, call, promise, broken, escalated, paid, closed; each on its day."""
    story = await begin(house, ("I-1", DUE, 100_000))
    await live_until(house, story, date(2026, 4, 7))
    assert await planned(house) == [("pre_due", "2026-03-24"), ("reminder", "2026-04-03")]
    call = await desk.task("call")
    assert (call["assigned_date"], call["role"], call["step"]) == ("2026-04-07", "salesperson", "first_call")

    promise = await desk.done(
        "/v1/promises",
        {
            "entity": ENTITY,
            "customer_number": "C-1",
            "currency": "CNY",
            "amount": "1000.00",
            "promised_date": "2026-04-15",
            "invoice_numbers": ["I-1"],
        },
    )
    assert promise["lapses_date"] == "2026-04-17"
    await desk.done(f"/v1/tasks/{call['task_id']}/completion", {"outcome": "answered"})

    await live_until(house, story, date(2026, 4, 17))
    assert len(await planned(house)) == 2  # the second reminder of +15 rests
    await live_until(house, story, date(2026, 4, 20))
    kinds = [name for name, _ in await house.outbox()]
    assert kinds[-4:] == ["promise-broken", "task-assigned", "stage-escalated", "reminder-planned"]
    assert (await planned(house))[-1] == ("second_reminder", "2026-04-20")  # a Monday
    (case,) = (await desk.get("/v1/cases", customer_number="C-1"))["items"]
    assert (case["stage"], case["rule"], case["labels"]) == ("manager", "floor_broken_promise", [])

    await house.hear(story.paid("P-1", ("I-1", 100_000)), today=story.today)
    (case,) = (await desk.get("/v1/cases", customer_number="C-1"))["items"]
    assert (case["state"], case["closed_date"]) == ("closed", "2026-04-20")
    history = (await desk.get(f"/v1/cases/{case['case_id']}/history"))["items"]
    told = [(each["kind"], each["effective_date"]) for each in history]
    assert told[0] == ("CaseOpened", "2026-04-01")
    assert ("StageEscalated", "2026-04-18") in told
    assert told[-1][0] == "TaskCompleted"


async def test_undelivered_the_story_ends_with_nothing_to_do(house: House) -> None:
    """K5: paid before anything left: the intent is withdrawn, and no date is kept for the customer."""
    story = await begin(house, ("I-1", DUE, 100_000))
    for day in days(ISSUED, date(2026, 3, 24)):
        await house.open_day(day)
    await house.hear(story.paid("P-1", ("I-1", 100_000)), today=date(2026, 3, 24))
    assert [name for name, _ in await house.outbox()] == ["reminder-planned", "reminder-withdrawn"]
    assert await house.rows("SELECT next_date FROM customer") == [(None,)]


async def test_what_credit_tells_between_the_ledgers_day_and_its_marker_does_not_go_back(house: House) -> None:
    """P5: the case that a debt opened ahead of the marker stays open, whatever comes from another topic meanwhile."""
    story = await begin(house, ("I-1", DUE, 100_000))
    await live_until(house, story, DUE)
    story.today = DUE + timedelta(days=1)
    await house.hear(story.overdue("I-1"), today=DUE)
    light = credit.AlertLevelChanged(light_before="green", light="yellow", reasons=["grade"])
    await house.hear(story.received(light, source="credit"), today=DUE)
    assert await house.rows("SELECT opened_date, closed_date FROM collection_case") == [(story.today, None)]


async def test_what_comes_between_the_ledgers_day_and_its_marker_moves_no_stage_back(house: House) -> None:
    """P5, K1: a debt of 31 days lifts the case just before the marker; a mail of the day before eases nothing."""
    story = await begin(house, ("I-1", DUE, 100_000), ("I-2", DUE + timedelta(days=30), 100_000))
    await live_until(house, story, DUE + timedelta(days=30))
    _, reminder = (await house.outbox("reminder-planned"))[-1]
    arrived = story.delivered(reminder)
    story.today += ONE_DAY
    await house.hear(story.overdue("I-2"), today=DUE + timedelta(days=30))
    await house.hear(arrived, today=DUE + timedelta(days=30))
    await house.open_day(story.today)
    moves = [(kind, body["to_stage"]) for kind, body in await house.outbox() if kind.startswith("stage-")]
    assert moves == [("stage-escalated", "manager")]


async def test_what_is_done_between_the_ledgers_day_and_its_marker_moves_no_stage_back(
    house: House, desk: Desk
) -> None:
    """P5, K1: nor does what a person does at that moment."""
    story = await begin(house, ("I-1", DUE, 100_000), ("I-2", DUE + timedelta(days=30), 100_000))
    await live_until(house, story, DUE + timedelta(days=30))
    story.today += ONE_DAY
    await house.hear(story.overdue("I-2"), today=DUE + timedelta(days=30))
    pause = {"scope": "invoice", "invoice_number": "I-2", "entity": ENTITY, "start_date": str(story.today)}
    await desk.done("/v1/pauses", {"customer_number": "C-1", "reason": "agreed", **pause})
    moves = [(kind, body["to_stage"]) for kind, body in await house.outbox() if kind.startswith("stage-")]
    assert moves == [("stage-escalated", "manager")]
