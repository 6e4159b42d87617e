"""The default playbook, day by day and by debtor class, and the order in which its steps overtake each other."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.collections.domain import records
from services.collections.domain.facts import ReminderPlanned, SupplyStopRequested, TaskAssigned
from services.collections.domain.receivables import Profile
from services.collections.tests.rests import CN, DUE, FIRST, after_due
from services.collections.tests.world import CUSTOMER, World
from services.collections.usecases.know_policies import house_policies


def living(days: int, *, minor: int = 100_000, grade: str | None = None, light: str | None = None) -> World:
    """A world whose only debt is so many days past due, and every message left."""
    world = World(FIRST, grade=grade, light=light)
    world.issue("I", DUE, minor)
    world.live_until(after_due(days))
    return world


def tasks(world: World) -> list[tuple[str | None, str, date]]:
    """Every task: step, role and the day on which it was given."""
    return [(each.step, each.role, each.effective_date) for each in world.of(TaskAssigned)]


def test_messages_go_on_their_days() -> None:
    """K3, facts 3.9: -5 working days, +3, +15; +38 once a manager approves, not before; +61 once legal approves."""
    world = living(37)
    assert list(world.planned()) == [
        ("pre_due", CN.add_working_days(DUE, -5)),
        ("reminder", after_due(3)),
        ("second_reminder", after_due(15)),
    ]
    world.live_until(after_due(40))
    assert len(list(world.planned())) == 3
    world.approve("approve_formal_demand")
    world.live_until(after_due(62))
    world.approve("approve_lawyer_letter")
    assert list(world.planned())[3:] == [
        ("formal_demand", CN.next_working_day(after_due(40))),
        ("lawyer_letter", date(2026, 6, 1)),
    ]
    demand = world.of(ReminderPlanned)[3]
    assert (demand.formal, demand.answer_working_days, demand.channels) == (True, 7, ["email", "letter"])


def test_people_get_their_tasks_on_their_days() -> None:
    """K3, facts 3.9: +7 salesperson, +31 manager, +38 approval, +61 legal, +91 decision watched by the manager."""
    world = living(91)
    assert tasks(world) == [
        ("first_call", "salesperson", after_due(7)),
        ("manager_call", "collections_manager", CN.next_working_day(after_due(31))),
        ("formal_demand", "collections_manager", CN.next_working_day(after_due(38))),
        ("legal_review", "legal", after_due(61)),
        ("decision", "legal", after_due(91)),
    ]
    decision = world.task("decision")
    assert decision.watched_by == "collections_manager"
    assert decision.due_date == CN.add_working_days(after_due(91), 5)


def test_the_list_of_what_falls_due_has_the_debt_seven_days_before() -> None:
    """Facts 3.9: -7 the salesperson's list."""
    world = living(-8)
    assert world.state_of("I", "due_list") is None
    world.live_until(after_due(-7))
    assert world.state_of("I", "due_list") == (records.DONE, "listed")


@pytest.mark.parametrize(
    ("grade", "light", "warned"),
    [
        ("A", "green", 0),
        ("B", None, 0),
        ("C", None, 2),
        ("D", "red", 2),
        (None, None, 0),
        ("A", "yellow", 2),
        (None, "red", 2),
    ],
)
def test_owner_and_credit_are_warned_of_weak_customers(grade: str | None, light: str | None, warned: int) -> None:
    """Facts 3.9, C6: -15 inside, grade C or D or a light that is not green."""
    roles = [role for step, role, day in tasks(living(-14, grade=grade, light=light)) if day == after_due(-15)]
    assert roles == ["salesperson", "credit_analyst"][:warned]


@given(turns=st.lists(st.tuples(st.integers(0, 5), st.sampled_from("ABCD"), st.sampled_from(["green", "red"]))))
def test_what_credit_tells_on_a_day_counts_from_the_next(turns: list[tuple[int, str, str]]) -> None:
    """C6, P5: whether a day's work hears of it before or after, it decides by grade and light of the day before."""
    profile = Profile(customer_id=CUSTOMER)
    told: dict[int, tuple[str | None, str | None]] = {-1: (None, None)}
    for day, grade, light in sorted(turns, key=lambda turn: turn[0]):
        before = told[max(each for each in told if each < day)]
        profile = profile.turn(on=FIRST + timedelta(days=day), grade=grade, light=light)
        told[day] = (grade, light)
        counted = profile.on(FIRST + timedelta(days=day))
        assert (counted.grade, counted.light) == before
    last = profile.on(FIRST + timedelta(days=6))
    assert (last.grade, last.light) == told[max(told)]


def test_grade_c_is_called_twice_and_large_debts_are_visited() -> None:
    """Facts 3.9: grade C a second call at +10; visit from 500,000 CNY."""
    assert ("second_call", "salesperson", after_due(10)) in tasks(living(12, grade="C"))
    assert "second_call" not in [step for step, _, _ in tasks(living(12, grade="B"))]
    assert "visit" in [step for step, _, _ in tasks(living(8, minor=50_000_000))]
    assert "visit" not in [step for step, _, _ in tasks(living(8, minor=49_999_999))]


def test_supply_stops_only_after_the_demand_ran_out_unanswered() -> None:
    """Facts 3.9, K2: demand arrived + 7 working days unanswered, a manager approves; it waits for its notice."""
    world = living(38)
    world.approve("approve_formal_demand")
    arrived = world.today
    last = CN.add_working_days(arrived, 7)
    world.live_until(last)
    assert not [step for step, _, _ in tasks(world) if step == "supply_stop"]
    world.live_until(last + timedelta(days=1))
    assert tasks(world)[-1] == ("supply_stop", "collections_manager", last + timedelta(days=1))
    assert world.of(SupplyStopRequested) == []
    world.approve("approve_supply_stop")
    assert len(world.of(SupplyStopRequested)) == 1


def test_an_answer_to_the_demand_spares_the_supply() -> None:
    """Facts 3.9: answered = payment, promise, plan, dispute or a logged reply."""
    world = living(38)
    world.approve("approve_formal_demand")
    world.live_until(world.today + timedelta(days=3))
    world.complete("manager_call", "answered")
    world.live_until(after_due(58))
    assert world.state_of("I", "supply_stop") == (records.SUPERSEDED, "answered")


def test_a_refused_demand_keeps_the_lawyer_away() -> None:
    """K2: a letter whose notice was refused is not permitted."""
    world = living(38)
    world.approve("approve_formal_demand", approved=False)
    world.live_until(after_due(95))
    assert [step for step, _ in world.planned()] == ["pre_due", "reminder", "second_reminder"]
    assert "lawyer_letter" not in [step for step, _, _ in tasks(world)]


def test_the_legal_path_is_chosen_by_legal_and_approved_by_the_manager() -> None:
    """Facts 3.9: +91 legal decides, a manager approves; refused, the decision is to be made again."""
    world = living(91)
    world.complete("decision", "suit")
    assert world.state_of("I", "decision") == (records.AWAITING, None)
    world.approve("approve_choice", approved=False)
    world.live_until(after_due(92))
    world.complete("decision", "payment_order")
    world.approve("approve_choice")
    assert world.state_of("I", "decision") == (records.DONE, "payment_order")


def test_an_unwilling_debtor_gets_the_lawyers_letter_at_once_then_a_call() -> None:
    """Facts 3.9: unwilling: letter as soon as the class is confirmed, then phone after 7 working days."""
    world = living(10)
    world.classify("unwilling")
    world.live_until(after_due(13))
    world.approve("approve_lawyer_letter")
    assert list(world.planned())[-1][0] == "lawyer_letter"
    arrived = world.today
    world.live_until(after_due(45))
    calls = [(step, day) for step, role, day in tasks(world) if step == "legal_call"]
    assert calls == [("legal_call", CN.next_working_day(CN.add_working_days(arrived, 7) + timedelta(days=1)))]
    assert [step for step, _ in world.planned()].count("second_reminder") == 0
    assert world.state_of("I", "second_reminder") == (records.SUPERSEDED, "overtaken")


def test_a_debtor_in_difficulty_is_offered_a_plan_before_the_demand() -> None:
    """Facts 3.9: in difficulty: plan or grace before the formal demand."""
    world = living(30)
    world.classify("in_difficulty")
    world.live_until(after_due(45))
    assert "approve_formal_demand" not in [each.kind for each in world.of(TaskAssigned)]
    world.complete("offer_plan")
    world.live_until(after_due(48))
    assert world.task("approve_formal_demand").role == "collections_manager"


def test_near_insolvency_there_is_a_decision_and_no_reminder() -> None:
    """Facts 3.9: near insolvency: decision task at once, no reminders."""
    world = living(10)
    world.classify("near_insolvency")
    world.live_until(after_due(80))
    assert ("decision", "legal", after_due(11)) in tasks(world)
    assert [step for step, _ in world.planned()] == ["pre_due", "reminder"]


def test_the_playbook_of_the_house_is_the_whole_of_it() -> None:
    """Facts 3.9: every line of the table has its step."""
    (house,) = house_policies().playbooks
    assert {step.code for step in house.policy.steps} == {
        "warn_owner", "warn_credit", "due_list", "pre_due", "reminder", "first_call", "visit", "second_call",
        "second_reminder", "manager_call", "formal_demand", "supply_stop", "legal_review", "lawyer_letter",
        "legal_call", "decision", "offer_plan",
    }  # fmt: skip
