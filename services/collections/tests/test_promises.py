"""Promises to pay: kept, partly kept, broken; decided by money in time, and what each does to dunning and stage."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.collections.domain import decisions, promise_money, promises
from services.collections.domain.agreements import (
    PromiseBroken,
    PromiseKept,
    PromiseMade,
    PromisePartlyKept,
    PromiseWithdrawn,
)
from services.collections.domain.book import Refusal
from services.collections.domain.facts import (
    ReminderPlanned,
    StageEased,
    StageEscalated,
    TaskAssigned,
)
from services.collections.tests.world import World

DUE = date(2026, 3, 31)
PROMISED = date(2026, 4, 15)  # a Wednesday; it lapses on Friday the 17th


def overdue(*invoices: str, today: date = date(2026, 4, 7)) -> World:
    """A world with debts of 1,000.00 that are a week past due."""
    world = World(date(2026, 3, 20))
    for invoice in invoices or ("I",):
        world.issue(invoice, DUE)
    world.live_until(today)
    return world


def outcomes(world: World) -> list[str]:
    """How promises ended, in order."""
    return [type(each).__name__ for each in world.facts if type(each).__name__.startswith("Promise")]


def test_a_promise_is_kept_by_the_payment_that_reaches_it() -> None:
    """K8: decided by the payment's event, with 1 % of tolerance."""
    world = overdue()
    world.promise(100_000, PROMISED, "I")
    world.pay("I", 98_999)
    assert outcomes(world) == ["PromiseMade"]
    world.pay("I", 1)
    assert outcomes(world) == ["PromiseMade", "PromiseKept"]
    assert world.of(PromiseKept)[0].paid_minor == 99_000


def test_a_promise_lapses_two_working_days_after_its_day() -> None:
    """K8: 2 working days of tolerance; the first marker after the lapse decides."""
    world = overdue()
    assert world.promise(100_000, PROMISED, "I").lapses_date == date(2026, 4, 17)
    world.live_until(date(2026, 4, 17))
    assert outcomes(world) == ["PromiseMade"]
    world.live_until(date(2026, 4, 18))
    assert outcomes(world) == ["PromiseMade", "PromiseBroken"]


def test_part_of_the_money_in_time_is_partly_kept_and_lifts_nothing() -> None:
    """K8: partly kept is not broken."""
    world = overdue()
    world.promise(100_000, PROMISED, "I")
    world.pay("I", 40_000)
    world.live_until(date(2026, 4, 20))
    assert world.of(PromisePartlyKept)[0].paid_minor == 40_000
    assert world.of(StageEscalated) == []


def test_broken_lifts_the_stage_until_it_is_made_good() -> None:
    """K2, K8: broken: the case escalates at once; made good, it stands where its debts put it."""
    world = overdue("I", "J")
    world.promise(100_000, PROMISED, "I")
    world.live_until(date(2026, 4, 18))
    (rise,) = world.of(StageEscalated)
    assert (rise.to_stage, rise.reason.rule, rise.effective_date) == (
        "manager",
        "floor_broken_promise",
        date(2026, 4, 18),
    )
    assert world.of(TaskAssigned)[-1].role == "collections_manager"
    world.pay("I", 99_000)
    assert world.of(StageEased)[-1].to_stage == "salesperson"


def test_a_person_takes_the_floor_back_with_a_reason() -> None:
    """K2: the floor holds until a person lowers it with a reason."""
    world = overdue()
    world.promise(100_000, PROMISED, "I")
    world.live_until(date(2026, 4, 18))
    world.do(lambda book, at: decisions.lower_floor(book, world.case, at, reason="bank holiday"))
    assert world.case.stage == "salesperson"
    with pytest.raises(Refusal):
        world.do(lambda book, at: decisions.lower_floor(book, world.case, at, reason="again"))


def test_the_floor_does_not_outlive_the_case() -> None:
    """K2: until the case closes."""
    world = overdue()
    world.promise(50_000, PROMISED, "I")
    world.live_until(date(2026, 4, 18))
    world.credit("I", 100_000)
    world.issue("NEXT", date(2026, 4, 19))
    world.live_until(date(2026, 4, 21))
    assert world.case.stage == "salesperson"


def test_a_bounce_turns_kept_into_broken() -> None:
    """K8: a bounce turns kept into broken, and the case escalates."""
    world = overdue()
    world.promise(100_000, PROMISED, "I")
    world.pay("I", 100_000)
    world.live_until(date(2026, 4, 13))
    world.bounce("I", 100_000)
    assert outcomes(world) == ["PromiseMade", "PromiseKept", "PromiseBroken"]
    assert world.case.stage == "manager"


def test_money_counts_by_its_effective_date_however_late_it_is_heard() -> None:
    """K8: a late fact: money of the 16th, heard on the 20th, keeps the promise after all."""
    world = overdue("I", "J")
    world.promise(100_000, PROMISED, "I")
    world.live_until(date(2026, 4, 20))
    world.pay("I", 100_000, effective=date(2026, 4, 16))
    assert outcomes(world) == ["PromiseMade", "PromiseBroken", "PromiseKept"]
    assert world.case.stage == "salesperson"


def test_money_before_the_promise_or_after_its_lapse_does_not_keep_it() -> None:
    """K8: money that is effective after the promise, and in time."""
    world = overdue()
    world.promise(100_000, PROMISED, "I")
    world.pay("I", 60_000, effective=date(2026, 4, 6))
    world.live_until(date(2026, 4, 20))
    world.pay("I", 40_000, effective=date(2026, 4, 20))
    assert outcomes(world) == ["PromiseMade", "PromiseBroken"]


def test_a_sum_is_kept_by_anything_of_the_entity() -> None:
    """K8: for a sum only, money allocated to anything of that entity counts."""
    world = overdue("I", "J")
    world.promise(100_000, PROMISED)
    world.pay("J", 50_000)
    world.pay("I", 50_000)
    assert outcomes(world) == ["PromiseMade", "PromiseKept"]


def test_named_debts_are_kept_by_their_own_money_only() -> None:
    """K8: allocated to its instalments."""
    world = overdue("I", "J")
    world.promise(100_000, PROMISED, "I")
    world.pay("J", 100_000)
    assert outcomes(world) == ["PromiseMade"]


def test_dunning_for_the_promised_sum_rests_and_for_the_rest_goes_on() -> None:
    """K8: while open, dunning for that amount rests."""
    world = overdue("I", "J")
    world.promise(130_000, date(2026, 4, 20))
    world.live_until(date(2026, 4, 15))
    reminder = world.of(ReminderPlanned)[-1]
    assert reminder.step == "second_reminder"
    (line,) = reminder.lines
    assert line.collectible_minor == 70_000


def test_the_second_promise_for_a_debt_waits_for_a_manager() -> None:
    """K8: the second for the same debt needs a manager."""
    world = overdue()
    world.promise(100_000, date(2026, 4, 8), "I")
    world.live_until(date(2026, 4, 13))
    second = world.promise(100_000, date(2026, 4, 20), "I")
    assert second.state == promise_money.PROPOSED
    assert len(world.of(PromiseMade)) == 1
    world.approve(promises.APPROVAL)
    assert len(world.of(PromiseMade)) == 2
    assert world.book.promises[second.promise_id].state == promise_money.OPEN


def test_a_refused_second_promise_never_counts() -> None:
    """K8: refused by the manager."""
    world = overdue()
    world.promise(100_000, date(2026, 4, 8), "I")
    world.live_until(date(2026, 4, 13))
    second = world.promise(100_000, date(2026, 4, 20), "I")
    world.approve(promises.APPROVAL, approved=False)
    assert world.book.promises[second.promise_id].state == promise_money.REFUSED


@pytest.mark.parametrize(
    ("minor", "promised_date", "why"),
    [
        (100_000, date(2026, 4, 22), "14 days"),
        (100_000, date(2026, 4, 6), "14 days"),
        (100_001, PROMISED, "more is promised"),
    ],
)
def test_promises_that_are_refused(minor: int, promised_date: date, why: str) -> None:
    """K8: at most 14 days ahead, not in the past, not more than is owed."""
    world = overdue()
    with pytest.raises(Refusal, match=why):
        world.promise(minor, promised_date, "I")
    assert world.book.promises == {}


def test_one_open_promise_for_a_debt() -> None:
    """Facts 3.4: one open promise per debt."""
    world = overdue("I", "J")
    world.promise(100_000, PROMISED, "I")
    world.promise(100_000, PROMISED, "J")
    with pytest.raises(Refusal, match="open promise"):
        world.promise(100_000, PROMISED)


def test_a_promise_for_a_debt_that_is_credited_is_withdrawn() -> None:
    """K8: nothing is left to pay, so nothing is broken."""
    world = overdue()
    world.promise(100_000, PROMISED, "I")
    world.credit("I", 100_000)
    assert world.of(PromiseWithdrawn)[0].reason == "settled"


@settings(max_examples=60)
@given(
    parts=st.lists(st.tuples(st.integers(0, 12), st.integers(1, 60_000)), max_size=5),
    minor=st.integers(5_000, 100_000),
)
def test_a_promise_ends_as_its_money_says(parts: list[tuple[int, int]], minor: int) -> None:
    """K8: kept if 99 % came by the lapse, partly kept if something did, broken if nothing; and it ends once."""
    world = overdue("I", "J")
    promise = world.promise(minor, PROMISED, "I")
    left, in_time = 100_000, 0
    for day, part in sorted(parts):
        paid = min(part, left)
        if paid:
            world.live_until(date(2026, 4, 7) + timedelta(days=day))
            world.pay("I", paid)
            left -= paid
            in_time += paid if world.today <= promise.lapses_date else 0
    world.live_until(date(2026, 4, 25))
    kept = in_time * 100 >= minor * 99
    expected = [PromiseKept] if kept else [PromisePartlyKept] if in_time else [PromiseBroken]
    ended = [type(each) for each in world.facts if isinstance(each, PromiseKept | PromisePartlyKept | PromiseBroken)]
    assert ended == expected
