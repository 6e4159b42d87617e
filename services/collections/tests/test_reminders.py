"""Reminders as intents: one message for many debts, withdrawn when there is nothing left to say, once when it left."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from functools import partial
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.collections.domain import disputes, hearing, pausing, records
from services.collections.domain.book import Refusal
from services.collections.domain.facts import (
    DisputeResolved,
    PauseEnded,
    ReminderPlanned,
    ReminderWithdrawn,
    TaskAssigned,
    TaskCompleted,
)
from services.collections.tests.world import ENTITY, World
from shared.calendars import WorkCalendar

DUE = date(2026, 3, 31)
FIRST = date(2026, 3, 1)
CN = WorkCalendar.of("CN")


def after_due(days: int) -> date:
    """The day so many days past due."""
    return DUE + timedelta(days=days)


def waiting(*debts: tuple[str, int, int], days: int = 3) -> World:
    """A world on the day so many days past due, with debts (name, days of offset, minor units) and unsent messages."""
    world = World(FIRST, sends=False)
    for name, offset, minor in debts or (("I", 0, 100_000),):
        world.issue(name, after_due(offset), minor)
    world.live_until(after_due(days))
    return world


def dispute(world: World, invoice: str, minor: int) -> records.Dispute:
    """Contest an amount."""
    instalment_id = world.debt(invoice).instalment_id
    return world.do(
        lambda book, at: disputes.open_dispute(
            book, at, instalment_id=instalment_id, amount_minor=minor, reason="price"
        )
    )


def resolve(world: World, found: records.Dispute, outcome: str, credited_minor: int = 0) -> None:
    """Decide it."""
    world.do(lambda book, at: disputes.resolve(book, found, at, outcome=outcome, credited_minor=credited_minor))


def pause(world: World, start: date, end: date | None, scope: str = "customer") -> UUID:
    """Let dunning rest."""
    invoice_id = world.debt("I").invoice_id if scope == "invoice" else None
    started = world.do(
        lambda book, at: pausing.start(
            book,
            at,
            scope=scope,
            entity=ENTITY,
            invoice_id=invoice_id,
            start_date=start,
            end_date=end,
            reason="agreed",
        )
    )
    return started.pause_id


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


def test_a_promised_debt_is_dunned_again_after_the_promise_broke() -> None:
    """K5, K8: the highest step that is due then goes, the lower one is superseded."""
    world = waiting()
    world.promise(100_000, after_due(14), "I")
    world.live_until(after_due(21))
    (left,) = world.waiting
    assert left.step == "second_reminder"
    assert world.state_of("I", "reminder") == (records.SUPERSEDED, "overtaken")


def test_only_the_disputed_amount_rests() -> None:
    """K10: of an amount; the rest is dunned."""
    world = World(FIRST)
    world.issue("I", DUE)
    world.live_until(after_due(1))
    dispute(world, "I", 60_000)
    world.live_until(after_due(3))
    assert world.of(ReminderPlanned)[-1].lines[0].collectible_minor == 40_000


def test_a_dispute_decided_against_the_debtor_comes_back_at_full_age() -> None:
    """K10, K22: the first message comes three working days after he was told; the age is the full one."""
    due = date(2026, 5, 6)
    world = World(date(2026, 4, 20))
    world.issue("I", due)
    world.live_until(due + timedelta(days=1))
    found = dispute(world, "I", 100_000)
    told = due + timedelta(days=34)
    world.live_until(told)
    assert world.case.stage == "salesperson"
    resolve(world, found, "rejected")
    assert world.case.stage == "manager"
    world.live_until(told + timedelta(days=7))
    (first,) = [each for each in world.of(ReminderPlanned) if each.planned_date >= told]
    assert (first.planned_date, first.step) == (CN.add_working_days(told, 3), "second_reminder")
    assert world.of(DisputeResolved)[0].dunning_from == first.planned_date


def test_what_is_credited_rests_until_the_credit_note_comes() -> None:
    """K10: resolution by credit note: nothing is demanded that the ledger is about to credit."""
    world = World(FIRST)
    world.issue("I", DUE)
    world.live_until(after_due(1))
    found = dispute(world, "I", 60_000)
    resolve(world, found, "partly_credited", 50_000)
    assert world.book.collectible_minor(world.debt("I")) == 50_000
    world.credit("I", 50_000)
    assert world.book.collectible_minor(world.debt("I")) == 50_000
    assert world.debt("I").open_minor == 50_000


@pytest.mark.parametrize(("outcome", "credited"), [("credited", 1), ("partly_credited", 60_000), ("rejected", 1)])
def test_an_outcome_and_its_credit_must_agree(outcome: str, credited: int) -> None:
    """K10: resolution: credit note, or it ages on."""
    world = waiting()
    found = dispute(world, "I", 60_000)
    with pytest.raises(Refusal):
        resolve(world, found, outcome, credited)


def test_a_dispute_has_an_owner_and_a_time_limit() -> None:
    """K10: a task with a due date, which the resolution ends."""
    world = waiting()
    found = dispute(world, "I", 60_000)
    task = world.task("resolve_dispute")
    assert (task.role, task.due_date) == ("salesperson", CN.add_working_days(world.today, 10))
    resolve(world, found, "withdrawn")
    assert world.of(TaskCompleted)[-1].outcome == "withdrawn"


@pytest.mark.parametrize("scope", ["invoice", "customer", "case"])
def test_a_pause_rests_its_debts_and_ends_on_its_day(scope: str) -> None:
    """K22: by invoice, customer or case; dunning goes on the day after."""
    world = waiting(days=1)
    pause(world, after_due(2), after_due(12), scope)
    world.live_until(after_due(13))
    assert world.of(PauseEnded)[0].end_date == after_due(12)
    (left,) = world.waiting
    assert (left.step, left.planned_date) == ("reminder", after_due(13))


def test_the_message_that_left_takes_its_lines_and_frees_the_dropped() -> None:
    """K5: gone at MessageSent; a line that the sender dropped may be said later."""
    world = waiting(("I", 0, 100_000), ("J", 0, 100_000))
    (reminder,) = [each for each in world.waiting if each.step == "reminder"]
    lines = [(line.instalment_id, line.step, line.episode) for line in reminder.lines if line.invoice_number == "I"]
    world.do(lambda book, at: hearing.leave(book, reminder, lines, at, at.today))
    assert world.state_of("I", "reminder") == (records.SENT, None)
    assert world.state_of("J", "reminder") == (records.WITHDRAWN, "dropped")


def test_without_a_contact_a_person_is_asked_and_the_step_comes_again() -> None:
    """N3, K5: no contact point at all: a task, never silence; when it is done the message is planned anew."""
    world = waiting()
    (reminder,) = [each for each in world.waiting if each.step == "reminder"]
    world.do(lambda book, at: hearing.fail(book, reminder, at, outcome="withheld", reason="no_contact_point"))
    assert world.of(TaskAssigned)[-1].kind == "fix_contact"
    world.live_until(after_due(6))
    assert not [each for each in world.waiting if not each.is_before_due]
    world.complete("fix_contact")
    world.live_until(after_due(7))
    assert [each.planned_date for each in world.waiting] == [after_due(7)]


def test_a_message_of_unknown_fate_is_not_repeated() -> None:
    """K5, faults 2.41: unknown counts as gone."""
    world = waiting()
    (reminder,) = [each for each in world.waiting if each.step == "reminder"]
    world.do(lambda book, at: hearing.lose_sight(book, reminder, at))
    world.live_until(after_due(10))
    assert world.state_of("I", "reminder") == (records.UNKNOWN, None)
    assert not world.waiting


def test_tasks_about_settled_debts_end_by_themselves() -> None:
    """K3: nobody calls about a debt that was paid."""
    world = waiting(days=8)
    world.pay("I", 100_000)
    assert [each.outcome for each in world.of(TaskCompleted)] == ["needless"]


ACTIONS = st.lists(
    st.tuples(
        st.integers(1, 9),
        st.sampled_from(["pay", "part", "bounce", "promise", "dispute", "reject", "pause", "send", "credit"]),
        st.integers(0, 2),
    ),
    max_size=12,
)


@settings(max_examples=50, deadline=None)
@given(actions=ACTIONS)
def test_no_live_intent_speaks_of_a_settled_debt(actions: list[tuple[int, str, int]]) -> None:
    """K5, K1: a payment at any moment, whatever else happens, leaves no live intent on settled debts only."""
    world = World(FIRST, sends=False)
    for number in range(3):
        world.issue(f"I-{number}", after_due(6 * number))
    world.live_until(DUE)
    for passing, action, number in actions:
        world.live_until(world.today + timedelta(days=passing))
        act(world, action, f"I-{number}")
        for reminder in world.waiting:
            debts = [world.book.receivables[line.instalment_id] for line in reminder.lines]
            assert any(debt.open_minor > 0 for debt in debts)
        assert (world.book.open_case(ENTITY) is not None) == bool(world.book.overdue(ENTITY, world.today))
        assert len([each for each in world.waiting if not each.is_before_due]) <= 1


def act(world: World, action: str, invoice: str) -> None:
    """Let something happen, where it is possible."""
    minor = world.debt(invoice).open_minor
    soon = world.today + timedelta(days=4)
    possible: dict[str, tuple[bool, Callable[[], object]]] = {
        "pay": (minor > 0, partial(world.pay, invoice, minor, payment=invoice)),
        "part": (minor > 30_000, partial(world.pay, invoice, 30_000, payment=f"part {invoice}")),
        "credit": (minor > 20_000, partial(world.credit, invoice, 20_000)),
        "bounce": (minor == 0, partial(world.bounce, invoice, 50_000, payment=invoice)),
        "promise": (minor > 0, partial(world.promise, minor, soon, invoice)),
        "dispute": (minor > 0, partial(dispute, world, invoice, minor)),
        "reject": (True, partial(reject_all, world)),
        "pause": (True, partial(pause, world, world.today, soon)),
        "send": (True, partial(send_all, world)),
    }
    can, happen = possible[action]
    with suppress(Refusal):
        if can:
            happen()


def send_all(world: World) -> None:
    """Let every message leave."""
    for reminder in world.waiting:
        world.send(reminder)


def reject_all(world: World) -> None:
    """Decide every dispute against the debtor."""
    for found in [each for each in world.book.disputes.values() if each.outcome is None]:
        resolve(world, found, "rejected")
