"""What may be spoken about: nothing that is paid, disputed, promised or paused (N5)."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.domain.debt import Debt, Rest, RestKind, Standing, standings

TODAY = date(2026, 3, 16)
CUSTOMER = UUID(int=1)


def debt(
    number: int, *, open_minor: int = 100, due: date = date(2026, 3, 1), currency: str = "CNY", entity: str = "cn01"
) -> Debt:
    """Return a debt of the one customer."""
    return Debt(
        instalment_id=UUID(int=number),
        customer_id=CUSTOMER,
        invoice_id=UUID(int=1000 + number),
        invoice_number=f"INV-{number}",
        ordinal=1,
        entity=entity,
        due_date=due,
        currency=currency,
        open_minor=open_minor,
        episode=1,
        penalty_pct_per_day=Decimal(0),
    )


def rest(kind: RestKind = "promise", *, number: int = 1, amount: int | None = None, **told: object) -> Rest:
    """Return a rest of the one customer that begins today."""
    facts = {"from_date": TODAY, "amount_minor": amount, **told}
    return Rest(rest_id=UUID(int=number), customer_id=CUSTOMER, kind=kind, **facts)  # type: ignore[arg-type]


debts = st.lists(
    st.builds(
        debt,
        st.integers(1, 50),
        open_minor=st.integers(0, 500),
        due=st.dates(date(2026, 1, 1), date(2026, 4, 1)),
        currency=st.sampled_from(["CNY", "USD"]),
        entity=st.sampled_from(["cn01", "hk01"]),
    ),
    max_size=8,
    unique_by=lambda each: each.instalment_id,
)
rests = st.lists(
    st.builds(
        rest,
        st.sampled_from(["dispute", "promise", "pause"]),
        number=st.integers(1, 50),
        amount=st.none() | st.integers(0, 600),
        entity=st.none() | st.sampled_from(["cn01", "hk01"]),
        currency=st.none() | st.sampled_from(["CNY", "USD"]),
        instalment_ids=st.lists(st.integers(1, 50).map(lambda each: UUID(int=each)), max_size=3).map(tuple),
    ),
    max_size=5,
    unique_by=lambda each: each.rest_id,
)


@given(debts, rests)
def test_never_more_is_asked_for_than_is_open_and_nothing_says_why(owed: list[Debt], resting: list[Rest]) -> None:
    """N5: 0 <= collectible <= open, and a reason stands exactly where nothing may be said."""
    known = standings(owed, resting, today=TODAY)

    for each in owed:
        standing = known[each.instalment_id]
        assert 0 <= standing.collectible_minor <= each.open_minor
        assert (standing.reason is not None) == (standing.collectible_minor == 0)


@given(debts, rests)
def test_the_order_of_facts_does_not_matter(owed: list[Debt], resting: list[Rest]) -> None:
    """N5: what was heard first decides nothing."""
    assert standings(owed[::-1], resting[::-1], today=TODAY) == standings(owed, resting, today=TODAY)


@given(debts, rests, st.integers(0, 4))
def test_one_more_rest_never_lets_more_be_said(owed: list[Debt], resting: list[Rest], index: int) -> None:
    """N5: a promise, dispute or pause can only take away."""
    fewer = resting[:index] + resting[index + 1 :]
    before, after = standings(owed, fewer, today=TODAY), standings(owed, resting, today=TODAY)

    assert sum(each.collectible_minor for each in after.values()) <= sum(
        each.collectible_minor for each in before.values()
    )


def test_a_promised_sum_rests_the_oldest_debts_first() -> None:
    """K8, N5: a promise towards anything of an entity covers its oldest debts up to its amount."""
    owed = [debt(1, due=date(2026, 2, 1)), debt(2, due=date(2026, 1, 1)), debt(3, entity="hk01")]

    known = standings(owed, [rest(amount=150, entity="cn01", currency="CNY")], today=TODAY)

    assert known[UUID(int=2)] == Standing(0, "promised")
    assert known[UUID(int=1)] == Standing(50, None)
    assert known[UUID(int=3)] == Standing(100, None)


@pytest.mark.parametrize(
    ("kind", "amount", "expected"),
    [
        ("dispute", 40, Standing(60, None)),
        ("dispute", 100, Standing(0, "disputed")),
        ("promise", 100, Standing(0, "promised")),
        ("pause", None, Standing(0, "paused")),
    ],
)
def test_only_the_disputed_amount_rests(kind: RestKind, amount: int | None, expected: Standing) -> None:
    """K10, N5: a dispute rests its amount, a pause everything it covers."""
    known = standings([debt(1)], [rest(kind, amount=amount, instalment_ids=(UUID(int=1),))], today=TODAY)

    assert known == {UUID(int=1): expected}


@pytest.mark.parametrize(("days_ahead", "rests_then"), [(-1, False), (0, True), (3, True), (4, False)])
def test_a_rest_holds_from_its_first_through_its_last_day(days_ahead: int, rests_then: bool) -> None:  # noqa: FBT001 - a parameter of the table
    """K22: a pause begins and ends on its dates."""
    pause = rest("pause", until_date=TODAY + timedelta(days=3))

    known = standings([debt(1)], [pause], today=TODAY + timedelta(days=days_ahead))

    assert (known[UUID(int=1)].reason == "paused") == rests_then


@pytest.mark.parametrize(("noted", "expected"), [(0, 30), (25, 55), (70, 100), (90, 100)])
def test_what_is_to_be_credited_rests_until_the_credit_note_has_come(noted: int, expected: int) -> None:
    """K10, N5: nobody is asked for what was promised to be taken back, whichever topic is faster."""
    owed = replace(debt(1), credit_noted_minor=noted)
    decided = replace(rest("dispute", amount=70, instalment_ids=(UUID(int=1),)), credited=True)

    assert standings([owed], [decided], today=TODAY)[UUID(int=1)].collectible_minor == expected


def test_what_is_paid_says_so_even_while_it_rests() -> None:
    """N5: nothing is open, so nothing rests."""
    assert standings([debt(1, open_minor=0)], [rest("pause")], today=TODAY) == {UUID(int=1): Standing(0, "paid")}
