"""Stages, days and pauses: what a case's place depends on, and the laws of it."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.collections.domain import stages
from services.collections.domain.days import Debt
from services.collections.domain.facts import CaseClosed, CaseOpened, StageEased, StageEscalated
from services.collections.domain.pauses import Pause, paused_days, resting_until
from services.collections.domain.stages import StageRule
from services.collections.tests.world import CUSTOMER, ENTITY, ROOT, World, with_policy
from services.collections.usecases.know_policies import house_policies
from shared.ids import derived_id

POLICY = house_policies().stages[0].policy
DUE = date(2026, 3, 31)
DATES = st.dates(date(2026, 1, 1), date(2026, 12, 31))


def a_pause(start: date, end: date | None, **values: object) -> Pause:
    """A pause of the customer."""
    pause = Pause(
        pause_id=derived_id(ROOT, "pause", f"{start}{end}"),
        customer_id=CUSTOMER,
        entity=None,
        scope="customer",
        invoice_id=None,
        case_id=None,
        start_date=start,
        end_date=end,
        reason="r",
    )
    return replace(pause, **values)  # type: ignore[arg-type] # the names are the record's own


PAUSES = st.lists(
    st.tuples(DATES, st.integers(0, 60) | st.none()).map(
        lambda each: a_pause(each[0], None if each[1] is None else each[0] + timedelta(days=each[1]))
    ),
    max_size=4,
)


def a_debt(due_date: date, minor: int = 100_000, name: str = "D", pauses: tuple[Pause, ...] = ()) -> Debt:
    """A collectible debt."""
    return Debt(
        instalment_id=derived_id(ROOT, name),
        name=(name, 1),
        invoice_id=derived_id(ROOT, "invoice", name),
        due_date=due_date,
        currency="CNY",
        collectible_minor=minor,
        pauses=pauses,
    )


DEBTS = st.lists(
    st.builds(
        a_debt,
        DATES,
        st.integers(5_000, 1_000_000),
        st.uuids().map(str),
        PAUSES.map(tuple),
    ),
    max_size=5,
)


def test_each_stage_begins_on_its_exact_day() -> None:
    """K2: 1-30 salesperson, 31-60 manager, 61-90 legal, 91+ proceedings; day 0 is not overdue."""
    found = {}
    for days in (1, 30, 31, 60, 61, 90, 91, 400):
        standing = stages.stand(POLICY, [a_debt(DUE)], grade=None, as_of=DUE + timedelta(days=days))
        found[days] = POLICY.stages[standing.stage].code
    assert list(found.values()) == [
        "salesperson", "salesperson", "manager", "manager", "legal", "legal", "proceedings", "proceedings",
    ]  # fmt: skip
    assert stages.stand(POLICY, [a_debt(DUE)], grade=None, as_of=DUE).rule == stages.NOTHING_COLLECTIBLE


def test_conditions_of_one_stage_are_joined_by_and() -> None:
    """K2: days AND sum AND number of unpaid invoices AND grade."""
    rule = StageRule(
        code="strict",
        owner_role="legal",
        days_from=10,
        sum_from={"CNY": 150_000},
        invoices_from=2,
        grades=frozenset({"D"}),
    )
    policy = replace(POLICY, stages=(POLICY.stages[0], rule))
    two = [a_debt(DUE, name="A"), a_debt(DUE + timedelta(days=5), name="B")]
    at_ten = DUE + timedelta(days=10)

    def stage(debts: list[Debt], grade: str, as_of: date) -> int:
        return stages.stand(policy, debts, grade=grade, as_of=as_of).stage

    assert stage(two, "D", at_ten) == 1
    assert stage(two, "C", at_ten) == 0
    assert stage(two[:1], "D", at_ten) == 0
    assert stage(two, "D", at_ten - timedelta(days=1)) == 0
    assert stages.stand(policy, two, grade="D", as_of=at_ten).rule == "days.sum.invoices.grade"


def test_grace_days_are_taken_off() -> None:
    """K2: minus grace days."""
    policy = replace(POLICY, grace_days=5)
    assert stages.stand(policy, [a_debt(DUE)], grade=None, as_of=DUE + timedelta(days=35)).stage == 0
    assert stages.stand(policy, [a_debt(DUE)], grade=None, as_of=DUE + timedelta(days=36)).stage == 1


@given(debts=DEBTS, day=DATES, later=st.integers(0, 90))
def test_the_stage_never_falls_as_days_pass(debts: list[Debt], day: date, later: int) -> None:
    """K2: the stage is monotone in days; a pause only holds it."""
    first = stages.stand(POLICY, debts, grade=None, as_of=day).stage
    assert stages.stand(POLICY, debts, grade=None, as_of=day + timedelta(days=later)).stage >= first


@given(debts=DEBTS, day=DATES)
def test_the_date_since_when_is_the_first_on_which_it_holds(debts: list[Debt], day: date) -> None:
    """K2: each rise is recorded with the date on which it became true."""
    reached = stages.stand(POLICY, debts, grade=None, as_of=day).stage
    since = stages.since(POLICY, debts, grade=None, stage=reached, as_of=day)
    assert stages.stand(POLICY, debts, grade=None, as_of=since).stage >= reached
    before = since - timedelta(days=1)
    if reached > 0:
        assert stages.stand(POLICY, debts, grade=None, as_of=before).stage < reached


@given(debts=DEBTS, day=DATES)
def test_no_stage_changes_before_the_next_turning_point(debts: list[Debt], day: date) -> None:
    """P5: a customer is due on the date on which his stage changes, and not before."""
    turning = stages.next_turning_point(POLICY, debts, after=day)
    end = min(turning or day + timedelta(days=120), day + timedelta(days=120))
    now = stages.stand(POLICY, debts, grade=None, as_of=day).stage
    for each in range(1, (end - day).days):
        assert stages.stand(POLICY, debts, grade=None, as_of=day + timedelta(days=each)).stage == now


@given(pauses=PAUSES, due_date=DATES, as_of=DATES)
def test_paused_days_are_the_days_of_the_union(pauses: list[Pause], due_date: date, as_of: date) -> None:
    """K22: days in (start, end] after the due date count once, whatever overlaps."""
    days = {
        day
        for pause in pauses
        for offset in range(1, 800)
        if due_date < (day := pause.start_date + timedelta(days=offset)) <= min(pause.end_date or as_of, as_of)
    }
    assert paused_days(pauses, due_date=due_date, as_of=as_of) == len(days)


@given(pauses=PAUSES, day=DATES)
def test_a_rest_ends_on_the_last_day_without_a_break(pauses: list[Pause], day: date) -> None:
    """K22: rest lasts through the pauses that follow one another."""
    last = resting_until(pauses, day)
    if last is not None:
        assert not any(pause.rests(last + timedelta(days=1)) for pause in pauses)
        assert all(
            any(pause.rests(day + timedelta(days=each)) for pause in pauses) for each in range((last - day).days + 1)
        )


def test_the_anchor_moves_when_the_oldest_debt_is_paid() -> None:
    """K2: the stage follows the next oldest at once, by one fall."""
    world = World(date(2026, 3, 1))
    old, new = world.issue("OLD", DUE), world.issue("NEW", DUE + timedelta(days=20))
    world.live_until(DUE + timedelta(days=40))
    assert (world.case.stage, world.case.anchor_instalment_id) == ("manager", old)
    world.pay("OLD", 100_000)
    assert (world.case.stage, world.case.anchor_instalment_id) == ("salesperson", new)
    (eased,) = world.of(StageEased)
    assert (eased.from_stage, eased.to_stage, eased.reason.days) == ("manager", "salesperson", 20)


def test_several_rises_at_once_are_told_one_by_one() -> None:
    """K2: a late fact; each rise carries the date on which it became true."""
    world = World(DUE + timedelta(days=70))
    world.issue("LATE", DUE)
    (opened,) = world.of(CaseOpened)
    assert (opened.stage, opened.effective_date) == ("salesperson", DUE + timedelta(days=1))
    rises = [(each.from_stage, each.to_stage, each.effective_date) for each in world.of(StageEscalated)]
    assert rises == [
        ("salesperson", "manager", DUE + timedelta(days=31)),
        ("manager", "legal", DUE + timedelta(days=61)),
    ]


def test_a_bounce_restores_the_original_age() -> None:
    """K2: a reversal opens a new case at the age that the debt has."""
    world = World(date(2026, 3, 1))
    world.issue("I", DUE)
    world.live_until(DUE + timedelta(days=10))
    world.pay("I", 100_000)
    assert len(world.of(CaseClosed)) == 1
    world.live_until(DUE + timedelta(days=35))
    world.bounce("I", 100_000)
    assert (world.case.stage, world.debt("I").episode) == ("manager", 2)


def test_a_case_without_collectible_debts_stays_open_in_the_lowest_stage() -> None:
    """K1, K2: small and disputed debts keep the case, and do not age it."""
    world = World(date(2026, 3, 1))
    world.issue("SMALL", DUE, 4_999)
    world.live_until(DUE + timedelta(days=70))
    assert (world.case.stage, world.case.rule) == ("salesperson", stages.NOTHING_COLLECTIBLE)
    assert list(world.planned()) == []


def test_a_pause_also_back_dated_holds_the_stage_back() -> None:
    """K22: days paused after the due date are subtracted for the stage only."""
    world = World(date(2026, 3, 1))
    world.issue("I", DUE)
    world.live_until(DUE + timedelta(days=33))
    assert world.case.stage == "manager"
    pause = a_pause(DUE + timedelta(days=5), DUE + timedelta(days=15), entity=ENTITY)
    world.do(lambda book, _at: book.pauses.update({pause.pause_id: pause}))
    assert world.case.stage == "salesperson"
    world.live_until(DUE + timedelta(days=40))
    assert world.case.stage == "salesperson"
    world.live_until(DUE + timedelta(days=41))
    assert world.case.stage == "manager"


def test_another_policy_moves_the_case_at_once() -> None:
    """K2, K3: the stage is derived anew by the policy that holds; the reason names its version."""
    world = World(date(2026, 3, 1))
    world.issue("I", DUE)
    world.live_until(DUE + timedelta(days=35))
    with_policy(world, grace_days=10, version="mild@1")
    world.do(lambda _book, _at: None)
    (eased,) = world.of(StageEased)
    assert eased.reason.policy_version == "mild@1"


@given(st.permutations([1, 2, 3]))
def test_of_debts_due_together_the_first_by_name_leads_the_case_whatever_ids_were_drawn(drawn: list[int]) -> None:
    """K2, invariant 24: else two runs of the same days would write another anchor into the case's history."""
    debts = [
        replace(a_debt(DUE, name=name), instalment_id=UUID(int=each)) for name, each in zip("CAB", drawn, strict=True)
    ]
    standing = stages.stand(POLICY, debts, grade="B", as_of=DUE + timedelta(days=1))
    assert standing.anchor_instalment_id == debts[1].instalment_id
