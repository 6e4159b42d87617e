"""Promised, disputed and paused debts rest, and come back as they should."""

from datetime import date, timedelta

import pytest

from services.collections.domain import records
from services.collections.domain.agreements import DisputeResolved, PauseEnded, PromiseBroken
from services.collections.domain.book import Refusal
from services.collections.domain.facts import ReminderPlanned, TaskCompleted
from services.collections.tests.rests import CN, DUE, FIRST, after_due, dispute, pause, resolve, waiting
from services.collections.tests.world import World


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


def test_promises_that_end_together_end_in_the_order_of_what_they_cover() -> None:
    """K8, invariant 24: their ids are drawn, and what follows from the first must be the same in every run."""
    world = World(FIRST)
    invoices = ("I-3", "I-1", "I-4", "I-2")
    for each in invoices:
        world.issue(each, DUE)
    world.live_until(after_due(7))
    made = {world.promise(50_000, after_due(14), each).promise_id: each for each in invoices}
    world.live_until(after_due(21))
    assert [made[each.promise_id] for each in world.of(PromiseBroken)] == sorted(invoices)
