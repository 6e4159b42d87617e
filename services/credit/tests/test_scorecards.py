"""Scorecards: every value falls in one bin, points sum, and a broken file says line, characteristic and bin (C2)."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.credit.domain.financials import BankSummary, Financials
from services.credit.domain.grading import GradePolicy, Grading, needed
from services.credit.domain.habits import Habit
from services.credit.domain.inputs import CATEGORIES, NUMBERS
from services.credit.domain.profile import Grade, Profile
from services.credit.domain.scorecard import Effective, Part, Score, Scorecard, score, scorecard_for
from services.credit.gateways.scorecard_files import BadScorecard, house_texts, read_scorecard
from services.credit.tests.books import TODAY
from services.credit.tests.erp import Erp
from services.credit.tests.test_habits import debt, paid
from shared.money import Money

SIMPLE = house_texts()["simple.yaml"]
CARDS = [read_scorecard(text, file) for file, text in house_texts().items()]
POLICY = GradePolicy(
    better_by_points=5, better_after_days=30, terms_days={"A": 60, "B": 30, "C": 15, "D": 0}, review_day=1
)

sums = st.integers(0, 10**12).map(lambda minor: Money(minor, "CNY"))
figures = st.integers(0, 10**9)
profiles = st.builds(
    Profile,
    customer_id=st.just(UUID(int=1)),
    partition_no=st.just(0),
    customer_number=st.just("K1"),
    name=st.just("K1"),
    country=st.just("CN"),
    kind=st.sampled_from(CATEGORIES["kind"]),
    size_class=st.none() | st.sampled_from(CATEGORIES["size_class"]),
    registration_state=st.none() | st.sampled_from(CATEGORIES["registration_state"]),
    industry_standing=st.none() | st.sampled_from(CATEGORIES["industry_standing"]),
    registered_capital=st.none() | sums,
    founding_date=st.none() | st.dates(date(1900, 1, 1), TODAY),
    judgments_count=st.none() | st.integers(0, 20),
    enforcements_count=st.none() | st.integers(0, 20),
    financials=st.none()
    | st.builds(
        Financials,
        statement_date=st.just(TODAY),
        currency=st.just("CNY"),
        current_assets_minor=figures,
        current_liabilities_minor=figures,
        total_assets_minor=figures,
        total_liabilities_minor=figures,
        sales_minor=figures,
        net_profit_minor=st.integers(-(10**9), 10**9),
        retained_earnings_minor=st.none() | st.integers(-(10**9), 10**9),
        ebit_minor=st.none() | st.integers(-(10**9), 10**9),
    ),
    bank_summary=st.none()
    | st.builds(
        BankSummary,
        start_date=st.just(TODAY),
        end_date=st.just(TODAY),
        currency=st.just("CNY"),
        average_balance_minor=st.integers(-(10**9), 10**9),
        monthly_inflow_minor=figures,
    ),
)


def scored(card: Scorecard, points: int, as_of: date) -> Score:
    """A score of so many points, of which everything is known."""
    one = replace(card.characteristics[0], bins=(replace(card.characteristics[0].bins[0], points=points or 1),))
    part = Part(characteristic=one, value=Decimal(0), points=points, reason=None)
    return Score(scorecard=replace(card, characteristics=(one,), minimum_known_pct=0), as_of=as_of, parts=(part,))


@given(value=st.decimals(allow_nan=False, allow_infinity=False), category=st.sampled_from(sorted(CATEGORIES)))
def test_every_value_falls_in_exactly_one_bin(value: Decimal, category: str) -> None:
    """C2: of every characteristic of the house, whatever the figure."""
    for card in CARDS:
        for each in card.characteristics:
            if each.input in NUMBERS:
                assert sum(part.holds(value) for part in each.bins) == 1
            elif each.input == category:
                assert all(sum(part.holds(known) for part in each.bins) == 1 for known in CATEGORIES[category])


@given(profile=profiles, late=st.lists(st.integers(-5, 90), max_size=8))
def test_points_are_the_sum_of_what_the_characteristics_give(profile: Profile, late: list[int]) -> None:
    """C2: nothing is lost, what is missing is named, and reasons stand for what was lost."""
    habit = Habit().owe([debt(number, due=TODAY - timedelta(days=90)) for number in range(len(late))])
    habit = habit.settle([paid(habit.debts[UUID(int=number)], days) for number, days in enumerate(late)])
    for card in CARDS:
        found = score(card, profile=profile, habit=habit, as_of=TODAY)
        assert found.points == sum(each.points for each in found.parts)
        assert [each.characteristic for each in found.parts] == list(card.characteristics)
        unknown = {each.characteristic.code for each in found.parts if each.value is None}
        assert set(found.missing) == unknown
        assert all(each.points == each.characteristic.missing for each in found.parts if each.value is None)
        assert len(found.reasons) == sum(
            each.points < each.characteristic.most for each in found.parts if each.value is not None
        )
        assert found.grade == card.grade_of(found.points)
        assert (found.known_pct == 100) == (not unknown)


@given(noise=st.lists(st.tuples(st.integers(-5, 4), st.integers(0, 60)), max_size=30), grade=st.sampled_from("ABC"))
def test_noise_within_the_margin_moves_a_grade_once_at_most(noise: list[tuple[int, int]], grade: Grade) -> None:
    """C3: nobody flips to and fro around a cut-off, however long it goes on."""
    card, day, seen = CARDS[0], TODAY, list[str]()
    grading = Grading(own=grade, basis="by_hand", since=TODAY)
    for points, days in noise:
        day += timedelta(days=days)
        grading = grading.follow(scored(card, card.cutoffs[grade] + points, day), policy=POLICY)
        seen.append(grading.own or "")
    assert sum(before != after for before, after in zip([grade, *seen], seen, strict=False)) <= 1


@given(points=st.integers(-50, 120), days=st.integers(0, 60), own=st.sampled_from("ABCD"))
def test_worse_is_at_once_and_better_needs_margin_and_days(points: int, days: int, own: Grade) -> None:
    """C3: the grade is never better than the points alone would give, and rises no sooner than the policy says."""
    card, day = CARDS[0], TODAY + timedelta(days=days)
    after = Grading(own=own, basis="scored", since=TODAY).follow(scored(card, points, day), policy=POLICY)
    assert after.own is not None
    by_points = card.grade_of(points)
    if by_points >= own:
        assert after.own == by_points
    else:
        assert by_points <= after.own <= own
        assert after.own == own or (days >= 30 and points >= needed(card, after.own, policy=POLICY))
    assert (after.since == day) == (after.own != own) or days == 0


@given(day=st.dates(date(2020, 1, 1), date(2030, 12, 31)), review_day=st.integers(1, 28))
def test_everybody_is_reviewed_once_a_month(day: date, review_day: int) -> None:
    """C3: the next review lies after the day, within 31 days, on the day of the policy."""
    after = replace(POLICY, review_day=review_day).review_after(day)
    assert (after.day, 1 <= (after - day).days <= 31) == (review_day, True)


@pytest.mark.parametrize(
    ("old", "new", "place", "why"),
    [
        ('{from: "10", to: "35"', '{from: "9", to: "35"', (23, 2), "overlaps"),
        ('{from: "10", to: "35"', '{from: "12", to: "35"', (23, 2), "hole between 10"),
        ('{from: "10", to: "35"', '{from: "35", to: "10"', (23, 2), "unordered"),
        ('{to: "10", points: 30', '{from: "0", to: "10", points: 30', (22, 1), "hole below"),
        ('{from: "70", points: 0', '{from: "70", to: "99", points: 0', (25, 4), "hole from 99"),
        ("points: 30", "points: many", (22, 1), "valid integer"),
        ("points: 30", "points: 3000", (22, 1), "less than or equal to 1000"),
        ("points: 30", "pionts: 30", (22, 1), "Extra inputs"),
        ('to: "10", points: 30', "to: 10.5, points: 30", (22, 1), "number as text"),
        ("input: late_pct", "input: lateness", (19, None), "no such input"),
        ("code: delay", "code: punctuality", (26, None), "has this code"),
        ("input: late_pct", "input: kind", (22, 1), "bins of values"),
        ("grades: {A: 75, B: 55", "grades: {A: 55, B: 55", 11, "must fall"),
        ("version: 1", "version: one", 3, "valid integer"),
        ("version: 1", "name: again", 3, "twice"),
        ("version: 1", "version: [", 5, "expected"),
    ],
)
def test_a_broken_scorecard_says_where_it_is_broken(
    old: str, new: str, place: int | tuple[int, int | None], why: str
) -> None:
    """C2: file, line, characteristic and bin, and what is wrong there."""
    with pytest.raises(BadScorecard) as refusal:
        read_scorecard(SIMPLE.replace(old, new, 1), "simple.yaml")
    first = refusal.value.faults[0]
    found = (first.line, first.bin) if first.characteristic == "punctuality" else first.line
    assert found == place
    assert str(refusal.value).startswith(f"simple.yaml: line {first.line}: ")
    assert why in str(refusal.value)


def test_bins_of_a_category_name_every_value_once() -> None:
    """C2: a value that is none, one that stands twice, and one that is forgotten are each found."""
    full = house_texts()["full.yaml"]
    for old, new, why in (
        ("[average]", "[average, middling]", "middling is no value"),
        ("[average]", "[average, leader]", "leader overlaps: bin 1 has it too"),
        ("[leader, strong]", "[leader]", "no bin has strong"),
    ):
        with pytest.raises(BadScorecard, match="characteristic standing") as refusal:
            read_scorecard(full.replace(old, new), "full.yaml")
        assert why in str(refusal.value)


def test_the_scorecard_is_the_most_specific_one_that_holds() -> None:
    """C2: small firms have their own; a newer version counts from its day on, and never before."""
    tomorrow = TODAY + timedelta(days=1)
    newer = Effective(effective_from=tomorrow, scorecard=replace(CARDS[1], version=2))
    known = [*(Effective(effective_from=date(1990, 1, 1), scorecard=card) for card in CARDS), newer]
    facts: dict[str, Any] = {"customer_number": "K", "name": "K", "kind": "company", "country": "CN"}
    small = Profile(customer_id=UUID(int=1), partition_no=0, size_class="micro", **facts)
    chosen: list[Any] = [
        scorecard_for(known, profile, as_of=day)
        for profile in (small, replace(small, size_class=None))
        for day in (TODAY, tomorrow)
    ]
    assert [(each.name, each.version) for each in chosen] == [("simple", 1), ("simple", 2), ("full", 1), ("full", 1)]


async def test_a_scorecard_is_loaded_for_days_to_come(erp: Erp) -> None:
    """C2: by REST, with a version of its own, and a broken one is refused with file, line and characteristic."""
    mine = SIMPLE.replace("version: 1", "version: 2")
    tomorrow = str(TODAY + timedelta(days=1))
    body = {"file": "mine.yaml", "effective_from": tomorrow, "document": mine}
    assert (await erp.post("/v1/scorecards", body | {"effective_from": str(TODAY)})).status_code == 409
    assert (await erp.post("/v1/scorecards", body | {"document": SIMPLE})).status_code == 409
    broken = await erp.post("/v1/scorecards", body | {"document": mine.replace('from: "10"', 'from: "12"', 1)})
    assert broken.status_code == 422
    assert "mine.yaml: line 23: characteristic punctuality, bin 2: There is a hole" in broken.text
    loaded = await erp.post("/v1/scorecards", body)
    assert (loaded.status_code, loaded.json()["version"], loaded.json()["loaded_by"]) == (201, 2, "erp")
    listed = (await erp.get("/v1/scorecards"))["items"]
    assert [(each["name"], each["version"]) for each in listed] == [("full", 1), ("simple", 1), ("simple", 2)]
