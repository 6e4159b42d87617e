"""Reminders as intents: one message for many debts, withdrawn when there is nothing left to say, once when it left."""

from datetime import timedelta

import pytest

from services.collections.domain import messages, records
from services.collections.domain.facts import ReminderPlanned, ReminderWithdrawn, TaskAssigned, TaskCompleted
from services.collections.tests.rests import CN, DUE, after_due, dispute, pause, waiting
from services.collections.tests.world import World


def withdrawn(world: World) -> list[str]:
    """Why reminders were withdrawn, in order."""
    return [each.reason for each in world.of(ReminderWithdrawn)]


def test_debts_of_one_customer_make_one_message_at_the_highest_step() -> None:
    """K4: one message at the highest level, each debt with its own step, the others listed."""
    world = waiting(("OLD", 0, 100_000), ("MID", 12, 70_000), ("NEW", 14, 60_000), days=15)
    reminder = world.of(ReminderPlanned)[-1]
    assert (reminder.step, reminder.purpose) == ("second_reminder", "second_reminder")
    steps = {line.invoice_number: (line.step, line.days_past_due) for line in reminder.lines}
    assert steps == {"OLD": ("second_reminder", 15), "MID": ("reminder", 3), "NEW": (None, 1)}


def test_debts_before_due_are_not_mixed_into_a_demand() -> None:
    """K5: lines before due have a message of their own."""
    offset = (CN.add_working_days(after_due(3), 5) - DUE).days
    world = waiting(("I", 0, 100_000), ("SOON", offset, 100_000))
    today = [each for each in world.of(ReminderPlanned) if each.planned_date == after_due(3)]
    assert [[line.invoice_number for line in each.lines] for each in today] == [["SOON"], ["I"]]


def test_small_debts_are_not_spoken_of() -> None:
    """K2: above the minimum amount of 50.00."""
    world = waiting(("I", 0, 100_000), ("SMALL", 0, 4_999))
    assert [line.invoice_number for line in world.of(ReminderPlanned)[-1].lines] == ["I"]


@pytest.mark.parametrize("reason", ["paid", "disputed", "promised", "paused"])
def test_what_happens_in_the_meantime_withdraws_the_intent(reason: str) -> None:
    """K5: paid, disputed, promised or paused means withdrawn, with its reason kept, and the keys are free."""
    world = waiting()
    match reason:
        case "paid":
            world.pay("I", 100_000)
        case "disputed":
            dispute(world, "I", 100_000)
        case "promised":
            world.promise(100_000, after_due(9), "I")
        case _:
            pause(world, world.today, world.today + timedelta(days=5))
    assert withdrawn(world)[-1] == reason
    assert world.state_of("I", "reminder") == (records.WITHDRAWN, reason)
    assert not [each for each in world.waiting if each.step == "reminder"]


def test_an_intent_stays_while_one_of_its_debts_is_left() -> None:
    """K5: the sender drops single lines; the intent goes when none is left."""
    world = waiting(("I", 0, 100_000), ("J", 0, 100_000))
    before = len(withdrawn(world))
    world.pay("I", 100_000)
    assert len(withdrawn(world)) == before
    world.pay("J", 100_000)
    assert len(withdrawn(world)) == before + 1


def test_a_higher_message_carries_what_the_lower_one_would_have_said() -> None:
    """K4, K5: a message that has not left is superseded by the next one, and its debts move into it."""
    world = waiting(("OLD", 0, 100_000), ("NEW", 10, 100_000), days=15)
    world.live_until(after_due(15))
    assert "superseded" in withdrawn(world)
    (left,) = [each for each in world.waiting if not each.is_before_due]
    assert left.step == "second_reminder"
    steps = {line.invoice_number: line.step for line in left.lines}
    assert steps == {"OLD": "second_reminder", "NEW": "reminder"}


def test_a_pre_due_letter_that_did_not_leave_is_not_sent_after_due() -> None:
    """K5: its time has passed."""
    world = waiting(days=1)
    assert withdrawn(world) == ["superseded"]


def test_the_message_that_left_takes_its_lines_and_frees_the_dropped() -> None:
    """K5: gone at MessageSent; a line that the sender dropped may be said later."""
    world = waiting(("I", 0, 100_000), ("J", 0, 100_000))
    (reminder,) = [each for each in world.waiting if each.step == "reminder"]
    lines = [(line.instalment_id, line.step, line.episode) for line in reminder.lines if line.invoice_number == "I"]
    world.do(lambda book, at: messages.leave(book, reminder, lines, at, at.today))
    assert world.state_of("I", "reminder") == (records.SENT, None)
    assert world.state_of("J", "reminder") == (records.WITHDRAWN, "dropped")


def test_without_a_contact_a_person_is_asked_and_the_step_comes_again() -> None:
    """N3, K5: no contact point at all: a task, never silence; when it is done the message is planned anew."""
    world = waiting()
    (reminder,) = [each for each in world.waiting if each.step == "reminder"]
    world.do(lambda book, at: messages.fail(book, reminder, at, outcome="withheld", reason="no_contact_point"))
    assert world.of(TaskAssigned)[-1].kind == "fix_contact"
    world.live_until(after_due(6))
    assert not [each for each in world.waiting if not each.is_before_due]
    world.complete("fix_contact")
    world.live_until(after_due(7))
    assert [each.planned_date for each in world.waiting] == [after_due(7)]


def test_a_letter_that_a_person_refused_is_not_planned_again() -> None:
    """N7: refused in notifications, the step is refused as by its approval task, and nobody is alarmed."""
    world = waiting()
    (reminder,) = [each for each in world.waiting if each.step == "reminder"]
    world.do(lambda book, at: messages.fail(book, reminder, at, outcome="withheld", reason="refused"))
    world.live_until(after_due(10))
    assert world.state_of("I", "reminder") == (records.REFUSED, "refused")
    assert not [each for each in world.of(TaskAssigned) if each.kind == "fix_contact"]
    assert not [each for each in world.waiting if not each.is_before_due]


def test_a_message_of_unknown_fate_is_not_repeated() -> None:
    """K5, faults 2.41: unknown counts as gone."""
    world = waiting()
    (reminder,) = [each for each in world.waiting if each.step == "reminder"]
    world.do(lambda book, at: messages.lose_sight(book, reminder, at))
    world.live_until(after_due(10))
    assert world.state_of("I", "reminder") == (records.UNKNOWN, None)
    assert not world.waiting


def test_tasks_about_settled_debts_end_by_themselves() -> None:
    """K3: nobody calls about a debt that was paid."""
    world = waiting(days=8)
    world.pay("I", 100_000)
    assert [each.outcome for each in world.of(TaskCompleted)] == ["needless"]
