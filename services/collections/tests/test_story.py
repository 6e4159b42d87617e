"""One debt's life on a real database, through the calls of the messaging core."""

from datetime import date, timedelta

from services.collections.tests.house import House, Story, days

DUE = date(2026, 3, 31)


async def _until(house: House, story: Story, last: date) -> None:
    """Open one day after another, telling what became overdue first, and let each message leave at once."""
    for day in days(story.today + timedelta(days=1), last):
        story.today = day
        for debt in story.debts.values():
            if debt.due_date == day - timedelta(days=1) and debt.open:
                await house.hear(story.overdue(debt.invoice, debt.ordinal), today=day - timedelta(days=1))
        before = len(await house.outbox("reminder-planned"))
        await house.open_day(day)
        for _, reminder in (await house.outbox("reminder-planned"))[before:]:
            await house.hear(story.sent(reminder), story.delivered(reminder), today=day)


async def test_overdue_opens_a_case_the_reminder_is_planned_and_payment_closes_it(house: House) -> None:
    """K1, K3, K5: InvoiceOverdue -> CaseOpened; +3 -> ReminderPlanned; PaymentAllocated -> both end."""
    story = Story(today=date(2026, 3, 30))
    await house.see_day(story.today)
    await house.hear(story.recorded(), story.issued("I-1", (DUE, 100_000)), today=story.today)
    story.today = date(2026, 4, 1)
    await house.hear(story.overdue("I-1"), today=date(2026, 3, 31))
    assert [name for name, _ in await house.outbox()] == ["case-opened"]
    for day in days(date(2026, 4, 1), date(2026, 4, 3)):
        await house.open_day(day)
    story.today = date(2026, 4, 3)
    reminders = await house.outbox("reminder-planned")
    assert [(body["step"], body["planned_date"]) for _, body in reminders] == [("reminder", "2026-04-03")]
    await house.hear(story.paid("P-1", ("I-1", 100_000)), today=story.today)
    assert [name for name, _ in await house.outbox()][-2:] == ["case-closed", "reminder-withdrawn"]
