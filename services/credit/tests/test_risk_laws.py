"""Laws of limits, newcomers, light and terms: monotone, bounded, and the same however one gets there (C4, C6)."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.credit.domain import risk as domain
from services.credit.domain.collectible import oldest_due_date
from services.credit.domain.habits import Debt, Habit, PromiseEnd
from services.credit.domain.holds import Hold
from services.credit.domain.light import Color, Situation, Used, light_of
from services.credit.domain.limits import Means, Temporary, compute, share_of
from services.credit.domain.newcomers import Growth, grow, is_newcomer, months_after
from services.credit.domain.profile import Grade
from services.credit.domain.rates import Rates
from services.credit.domain.risk import Risk
from services.credit.domain.terms import terms_of
from services.credit.tests.books import TODAY
from services.credit.tests.erp import POLICY
from shared.money import Money

ORDER: tuple[Color, ...] = ("green", "yellow", "red")
NO_RATES = Rates({})
RISK = Risk(customer_id=UUID(int=1), partition_no=0)

grades: st.SearchStrategy[Grade | None] = st.sampled_from(["A", "B", "C", "D", None])
amounts = st.none() | st.integers(0, 10**13).map(lambda minor: Money(minor, "CNY"))
days = st.integers(0, 400)
situations = st.builds(
    Situation,
    grade=grades,
    insolvent=st.booleans(),
    blacklisted=st.booleans(),
    oldest_due_date=st.none() | days.map(lambda age: TODAY - timedelta(days=age)),
    promises_broken=st.lists(days.map(lambda age: TODAY - timedelta(days=age)), max_size=3),
    used=st.none() | st.builds(lambda used: Used(Money(used, "CNY"), Money(1000, "CNY")), st.integers(-100, 2000)),
)
means = st.builds(
    Means,
    registered_capital=amounts,
    annual_sales=amounts,
    industry_standing=st.sampled_from(["leader", "strong", "average", "weak", None]),
    grade=grades,
    secured=amounts,
    insured_amount=amounts,
)


def debt(number: int, *, due: date, minor: int = 100_000, paid: date | None = None) -> Debt:
    """A debt, open or paid on a date."""
    owed = Debt(
        instalment_id=UUID(int=number), invoice_id=UUID(int=number), issue_date=due - timedelta(days=30), due_date=due,
        currency="CNY", amount_minor=minor, open_minor=minor,
    )  # fmt: skip
    return owed.move(-minor, effective_date=paid, by_payment=True) if paid else owed


def color(situation: Situation, as_of: date = TODAY) -> int:
    """The light as a number: the higher the worse."""
    return ORDER.index(light_of(situation, policy=POLICY.light, as_of=as_of).color)


@given(situation=situations, older=days)
def test_an_older_debt_never_makes_the_light_better(situation: Situation, older: int) -> None:
    """C6: the light is monotone in the age of the oldest collectible debt."""
    aged = replace(situation, oldest_due_date=(situation.oldest_due_date or TODAY) - timedelta(days=older))
    assert color(aged) >= color(situation)


@given(situation=situations)
def test_a_light_has_reasons_and_lifts_without_them(situation: Situation) -> None:
    """C6: no color without a cause, and green when every cause is gone; insolvency and blacklist are always red."""
    light = light_of(situation, policy=POLICY.light, as_of=TODAY)
    assert (light.color == "green") == (not light.reasons)
    assert len({each.code for each in light.reasons}) == len(light.reasons)
    assert light.color == "red" or not (situation.insolvent or situation.blacklisted)
    cured = Situation(grade="A", oldest_due_date=None, used=Used(Money(0, "CNY"), Money(1000, "CNY")))
    assert color(cured) == 0


@given(situation=situations, span=st.integers(1, 200))
def test_by_the_days_alone_a_light_changes_only_on_its_next_dates(situation: Situation, span: int) -> None:
    """C6: whoever looks only on the next dates sees every change, so the day's cost follows what changes."""
    looked = light_of(situation, policy=POLICY.light, as_of=TODAY)
    for day in (TODAY + timedelta(days=number) for number in range(1, span)):
        if looked.next_date is not None and looked.next_date <= day:
            looked = light_of(situation, policy=POLICY.light, as_of=day)
        assert looked.color == light_of(situation, policy=POLICY.light, as_of=day).color


def test_the_light_turns_on_the_days_that_the_policy_names() -> None:
    """C6: 31 and 61 days, 90 %, one and two promises within 90 days, grades C and D."""
    ages = {age: color(Situation(oldest_due_date=TODAY - timedelta(days=age))) for age in (30, 31, 60, 61)}
    assert ages == {30: 0, 31: 1, 60: 1, 61: 2}
    used = {part: color(Situation(used=Used(Money(part, "CNY"), Money(1000, "CNY")))) for part in (899, 900, 5000)}
    assert used == {899: 0, 900: 1, 5000: 1}
    broken = [TODAY - timedelta(days=90), TODAY - timedelta(days=91), TODAY]
    assert [color(Situation(promises_broken=broken[:count])) for count in (0, 1, 2, 3)] == [0, 1, 1, 2]
    assert [color(Situation(grade=grade)) for grade in ("A", "B", "C", "D", None)] == [0, 0, 1, 2, 0]


@given(grade=grades, is_new=st.booleans())
def test_terms_never_grow_as_the_light_worsens(*, grade: Grade | None, is_new: bool) -> None:
    """C6: the shortest of grade, newcomer and light; yellow halves the grade's days, red leaves none."""
    found = [terms_of(grade=grade, is_newcomer=is_new, light=each, policy=POLICY.terms).days for each in ORDER]
    lengths = [10_000 if each is None else each for each in found]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[2] == 0
    assert not is_new or lengths[0] <= 30
    if grade is not None:
        assert lengths[0] <= POLICY.terms.grade_days[grade]
        assert lengths[1] <= POLICY.terms.grade_days[grade] // 2


@given(known=means)
def test_a_limit_is_never_above_the_maximum(known: Means) -> None:
    """C4: whatever is known; an unknown input is named, and without capital and sales nothing is computed."""
    computed = compute(known, policy=POLICY.limits, rates=NO_RATES)
    if known.registered_capital is None and known.annual_sales is None:
        assert (computed.limit, computed.missing) == (None, ("registered_capital", "annual_sales"))
        return
    assert computed.limit is not None
    assert 0 <= computed.limit.minor <= POLICY.limits.maximum["CNY"].minor
    for name in ("registered_capital", "annual_sales", "industry_standing", "grade"):
        assert (name in computed.missing) == (getattr(known, name) is None)


@given(known=means.filter(lambda each: each.annual_sales is not None))
def test_a_better_grade_and_more_security_never_lower_the_limit(known: Means) -> None:
    """C4: A is at least B, and so on; securities and insurance add to it."""
    limits = [
        compute(replace(known, grade=grade), policy=POLICY.limits, rates=NO_RATES).limit
        for grade in ("D", "C", "B", "A")
    ]
    minors = [each.minor for each in limits if each is not None]
    assert minors == sorted(minors)
    plain = compute(replace(known, secured=None), policy=POLICY.limits, rates=NO_RATES).limit
    secured = compute(replace(known, secured=Money(100, "CNY")), policy=POLICY.limits, rates=NO_RATES).limit
    assert plain is not None
    assert secured is not None
    assert secured.minor == min(plain.minor + 100, POLICY.limits.maximum["CNY"].minor)


def test_the_formula_on_paper() -> None:
    """C4: min(10 % of 8,000,000; 5 % of 12,000,000) x 0.7 x 1.1 + 50,000 + 100,000; dollars need a rate."""
    known = Means(
        registered_capital=Money(800_000_000, "CNY"), annual_sales=Money(1_200_000_000, "CNY"), grade="B",
        industry_standing="strong", secured=Money(5_000_000, "CNY"), insured_amount=Money(10_000_000, "CNY"),
    )  # fmt: skip
    assert compute(known, policy=POLICY.limits, rates=NO_RATES).limit == Money(61_200_000, "CNY")
    dollars = replace(known, insured_amount=Money(10_000, "USD"))
    assert compute(dollars, policy=POLICY.limits, rates=NO_RATES).missing == ("insured_amount_rate",)
    converted = compute(dollars, policy=POLICY.limits, rates=Rates({("USD", "CNY"): Decimal(7)}))
    assert converted.limit == Money(51_270_000, "CNY")
    yen = compute(replace(known, annual_sales=Money(1, "JPY")), policy=POLICY.limits, rates=NO_RATES)
    assert (yen.limit, yen.missing) == (None, ("maximum_JPY",))


@given(quarters=st.lists(st.sampled_from(["good", "late", "idle"]), max_size=8), pauses=st.integers(1, 500))
def test_a_newcomer_grows_by_good_quarters_only(quarters: list[str], pauses: int) -> None:
    """C4: 30 % + 25 points for each quarter with a payment and no delay over 5 days; looked at daily or at once."""
    start, debts = date(2025, 1, 31), list[Debt]()
    for number, kind in enumerate(quarters):
        due = months_after(start, 3 * number) + timedelta(days=20)
        if kind != "idle":
            debts.append(debt(number, due=due, paid=due + timedelta(days=5 if kind == "good" else 6)))
    end = months_after(start, 3 * len(quarters)) + timedelta(days=5)
    at_once = grow(Growth(0, start), debts, policy=POLICY.newcomers, as_of=end)
    stepwise, day = Growth(0, start), start
    while day <= end:
        stepwise, day = grow(stepwise, debts, policy=POLICY.newcomers, as_of=day), day + timedelta(days=pauses)
    stepwise = grow(stepwise, debts, policy=POLICY.newcomers, as_of=end)
    assert at_once == stepwise
    assert at_once.share_pct(POLICY.newcomers) == min(100, 30 + 25 * quarters.count("good"))
    assert share_of(Money(999, "CNY"), at_once.share_pct(POLICY.newcomers)).minor <= 999


def test_new_is_under_six_months_or_three_paid_invoices() -> None:
    """C4: either makes a newcomer."""
    first = date(2025, 9, 2)

    def new(paid: int, as_of: date) -> bool:
        return is_newcomer(first_invoice_date=first, paid_invoices=paid, policy=POLICY.newcomers, as_of=as_of)

    assert [new(2, date(2026, 9, 2)), new(3, date(2026, 3, 1)), new(3, date(2026, 3, 2))] == [True, True, False]
    assert is_newcomer(first_invoice_date=None, paid_invoices=9, policy=POLICY.newcomers, as_of=TODAY)


@given(steps=st.lists(st.tuples(st.integers(-100, 60), st.integers(1, 200_000), st.integers(0, 200_000)), max_size=6))
def test_owing_one_by_one_is_hearing_all_at_once(steps: list[tuple[int, int, int]]) -> None:
    """Architecture 5: the summary that an order is decided on is the same, whether debts were loaded or not."""
    debts = [debt(n, due=TODAY + timedelta(days=due), minor=minor) for n, (due, minor, _) in enumerate(steps)]
    disputed = {each.instalment_id: part for each, (_, _, part) in zip(debts, steps, strict=True)}
    by_one = RISK
    for each in debts:
        by_one = domain.owe(by_one, [each], disputed=disputed, policy=POLICY)
    at_once = domain.hear(RISK, Habit().owe(debts), disputed=disputed, policy=POLICY)
    assert by_one.oldest_due_date == at_once.oldest_due_date
    assert by_one.first_invoice_date == at_once.first_invoice_date
    small = {each.instalment_id for each in debts if each.open_minor - disputed[each.instalment_id] < 5000}
    assert at_once.oldest_due_date == min(
        (each.due_date for each in debts if each.instalment_id not in small), default=None
    )


def test_a_disputed_or_a_tiny_debt_does_not_count() -> None:
    """C6: collectible is what is undisputed, from the minimum amount on."""
    old = debt(1, due=TODAY - timedelta(days=100))
    minimum = POLICY.light.minimum_amount
    assert oldest_due_date([old], disputed={}, minimum_amount=minimum) == old.due_date
    assert oldest_due_date([old], disputed={old.instalment_id: 95_001}, minimum_amount=minimum) is None
    assert oldest_due_date([replace(old, open_minor=4_999)], disputed={}, minimum_amount=minimum) is None


def test_promises_that_hold_do_not_count_as_broken() -> None:
    """C6: only broken ones, with the dates on which they were."""
    kept = PromiseEnd(promise_id=UUID(int=1), outcome="kept", ended_date=TODAY)
    broken = PromiseEnd(promise_id=UUID(int=2), outcome="broken", ended_date=TODAY)
    ends = [kept, broken]
    heard = domain.hear(RISK, Habit(promises={each.promise_id: each for each in ends}), disputed={}, policy=POLICY)
    assert heard.promises_broken == (TODAY,)


def test_a_limit_for_a_time_counts_through_its_last_day() -> None:
    """C4: then the one before returns, without anybody's doing."""
    temporary = Temporary(Money(500, "CNY"), TODAY)
    before = replace(RISK, given=Money(100, "CNY"), temporary=temporary, limit_source="temporary")
    during, limit, reason = domain.regrant(before, before, as_of=TODAY)
    assert (during.temporary, limit, reason) == (temporary, Money(500, "CNY"), "temporary")
    after, limit, reason = domain.regrant(before, before, as_of=TODAY + timedelta(days=1))
    assert (after.temporary, after.limit_source, limit, reason) == (
        None,
        "by_hand",
        Money(100, "CNY"),
        "temporary_ended",
    )


def test_a_hold_is_paid_when_nothing_old_is_left_and_the_ledger_has_told_so() -> None:
    """C6: a debt of 31 days keeps it, one of 30 does not; before the day of its request nothing is concluded."""
    hold = Hold(
        hold_id=UUID(int=1), customer_id=UUID(int=1), partition_no=0, reason="overdue", request_id=UUID(int=2),
        placed_date=TODAY,
    )  # fmt: skip
    due = [TODAY - timedelta(days=31), TODAY - timedelta(days=30), None]
    assert [hold.is_paid(each, debt_days=31, as_of=TODAY) for each in due] == [False, True, True]
    assert not hold.is_paid(None, debt_days=31, as_of=TODAY - timedelta(days=1))
