"""Holidays, late facts, missed days and new episodes: of what is due at once only the highest happens, and once."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from services.collections.domain import hearing, records
from services.collections.domain.facts import ReminderPlanned
from services.collections.tests.rests import CN, DUE, FIRST, after_due
from services.collections.tests.test_playbook import living
from services.collections.tests.world import ENTITY, World


def test_a_customer_step_on_a_holiday_moves_back_before_due_and_on_after() -> None:
    """Facts 3.9: on a non-working day back before due, on to the next after."""
    world = World(date(2026, 9, 1))
    world.issue("I", date(2026, 9, 28))
    world.live_until(date(2026, 10, 12))
    assert list(world.planned()) == [
        ("pre_due", CN.add_working_days(date(2026, 9, 28), -5)),
        ("reminder", date(2026, 10, 8)),  # +3 is the first day of the National Day holiday
    ]


def test_steps_before_a_debt_was_known_are_superseded() -> None:
    """K3: a step whose date lies before the debt was known never happens, and says so."""
    world = World(after_due(-3))
    world.issue("SHORT", DUE)
    world.live_until(after_due(1))
    assert list(world.planned()) == []
    assert world.state_of("SHORT", "pre_due") == (records.SUPERSEDED, "before_known")


def test_of_a_late_fact_only_the_highest_permitted_message_goes() -> None:
    """K2: lower ones that nothing presupposes are superseded; the demand goes before the letter that presupposes it."""
    world = World(after_due(70))
    world.issue("LATE", DUE)
    world.live_until(after_due(75))
    assert list(world.planned()) == []
    assert world.state_of("LATE", "reminder") == (records.SUPERSEDED, "overtaken")
    assert world.state_of("LATE", "second_reminder") == (records.SUPERSEDED, "overtaken")
    assert world.state_of("LATE", "first_call") == (records.SUPERSEDED, "overtaken")
    assert world.task("approve_formal_demand").instalment_ids == [world.debt("LATE").instalment_id]
    world.approve("approve_formal_demand")
    world.live_until(after_due(95))
    assert world.task("approve_lawyer_letter").role == "legal"


def test_row_37_days_that_were_missed_bring_one_message_a_day() -> None:
    """Faults 2.37: a jump over several steps makes no burst; the highest goes, the lower is superseded."""
    world = World(FIRST)
    world.issue("I", DUE)
    world.today = after_due(20)
    world.work()
    assert [step for step, _ in world.planned()] == ["second_reminder"]


def test_a_new_episode_begins_the_steps_anew() -> None:
    """K3, K5: each step once per instalment and episode; a reversal begins the next."""
    world = living(5)
    world.pay("I", 100_000)
    world.live_until(after_due(8))
    world.bounce("I", 100_000)
    world.live_until(after_due(12))
    assert [step for step, _ in world.planned()] == ["pre_due", "reminder", "reminder"]


def test_a_step_happens_once() -> None:
    """K3: working the same day again brings nothing."""
    world = living(7)
    facts = len(world.facts)
    world.work()
    assert len(world.facts) == facts


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(5_000, 10_000_000)), min_size=1, max_size=4))
def test_no_day_has_two_messages_after_due_and_no_line_two_of_a_step(debts: list[tuple[int, int]]) -> None:
    """K4, K5: one message per customer, entity and day; a line once per step and episode."""
    world = World(FIRST)
    for number, (offset, minor) in enumerate(debts):
        world.issue(f"I-{number}", DUE + timedelta(days=offset), minor)
    world.live_until(after_due(70))
    reminders = world.of(ReminderPlanned)
    after = [each.planned_date for each in reminders if each.step != "pre_due"]
    assert len(after) == len(set(after))
    keys = [(line.instalment_id, line.step, line.episode) for each in reminders for line in each.lines if line.step]
    assert len(keys) == len(set(keys))
    assert all(CN.is_working_day(each.planned_date) for each in reminders)


def test_row_16_the_rest_of_a_stub_waits_for_its_invoice() -> None:
    """Faults 2.16: a payment heard before its invoice keeps a row, which the invoice completes later."""
    world = World(after_due(2))
    world.issue("I", DUE)
    known = world.debt("I")
    world.book.receivables.clear()
    change = hearing.Change(
        instalment_id=known.instalment_id,
        invoice_id=known.invoice_id,
        invoice_number="I",
        ordinal=1,
        due_date=DUE,
        entity=ENTITY,
        currency="CNY",
        open_before_minor=100_000,
        open_after_minor=40_000,
        effective_date=world.today,
        episode=1,
    )
    world.do(lambda book, at: hearing.pay(book, known.instalment_id, [change], at))
    assert not world.debt("I").issued
    world.issue("I", DUE)
    completed = world.debt("I")
    assert (completed.open_minor, completed.issued, completed.penalty_pct_per_day) == (40_000, True, Decimal("0.05"))
