"""The statutory order of facts 3.3 (Civil Code art. 560), with its worked example."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from services.ledger.domain.debt import Debt
from services.ledger.domain.statute import in_statutory_order
from services.ledger.tests.debts_at_hand import Terms, debt, many_debts

MAY = date(2026, 5, 10)


def shares(minor: int, debts: list[Debt], as_of: date = MAY) -> dict[str, tuple[int, str]]:
    """Return what each debt gets, and by which rule."""
    parts = in_statutory_order(minor, debts=debts, as_of=as_of)
    return {part.debt.invoice.number: (part.minor, part.rule) for part in parts}


def test_the_worked_example_is_not_oldest_first() -> None:
    """L5, facts 3.3: C 40,000, A 20,000, B 0; naive FIFO would pay B first."""
    debts = [
        debt("B", Terms(50_000_00, date(2026, 1, 15), security=1)),
        debt("A", Terms(30_000_00, date(2026, 2, 1))),
        debt("C", Terms(40_000_00, date(2026, 3, 1), penalty="0.05")),
    ]
    assert shares(60_000_00, debts) == {
        "C": (40_000_00, "statute_heavier_burden"),
        "A": (20_000_00, "statute_least_security"),
    }


def test_equal_debts_share_in_proportion_to_the_cent() -> None:
    """L5, facts 3.3: 100.00 over three equal debts = 33.34, 33.33, 33.33."""
    debts = [debt(number, Terms(50_00, date(2026, 1, 1))) for number in "ABC"]
    proportion = "statute_proportion"
    assert shares(100_00, debts) == {"A": (33_34, proportion), "B": (33_33, proportion), "C": (33_33, proportion)}


def test_each_test_of_the_statute_decides_only_where_those_before_it_are_equal() -> None:
    """L5, facts 3.3: due, security, burden, due date, proportion; a debt due today is due."""
    today = date(2026, 2, 1)
    better = {
        "statute_due_first": Terms(10, today, security=9),
        "statute_least_security": Terms(10, date(2026, 1, 31), penalty="0"),
        "statute_heavier_burden": Terms(10, date(2026, 1, 31), penalty="0.06"),
        "statute_earlier_due": Terms(10, date(2026, 1, 30), penalty="0.05"),
    }
    worse = {
        "statute_due_first": Terms(10, date(2026, 2, 2), penalty="9"),
        "statute_least_security": Terms(10, date(2026, 1, 1), security=1, penalty="9"),
        "statute_heavier_burden": Terms(10, date(2026, 1, 1), penalty="0.05"),
        "statute_earlier_due": Terms(10, date(2026, 1, 31), penalty="0.05"),
    }
    for rule, first in better.items():
        debts = [debt("worse", worse[rule]), debt("better", first)]
        assert shares(10, debts, today) == {"better": (10, rule)}


def test_a_single_debt_needs_no_test() -> None:
    """L5: every allocation says which rule made it."""
    assert shares(5, [debt("A", Terms(10, MAY))]) == {"A": (5, "statute_only_debt")}


@given(debts=many_debts(), minor=st.integers(0, 70_000), as_of=st.dates(date(2026, 1, 1), date(2026, 1, 5)))
def test_the_order_conserves_money_and_fills_before_it_goes_on(debts: list[Debt], minor: int, as_of: date) -> None:
    """L5: nothing is lost, no debt gets more than it has, and none gets any while a better one lacks something."""
    parts = in_statutory_order(minor, debts=debts, as_of=as_of)
    got = {part.debt.invoice.number: part.minor for part in parts}
    assert sum(got.values()) == min(minor, sum(each.open_minor for each in debts))
    assert all(0 < got.get(each.invoice.number, 1) <= each.open_minor for each in debts)

    def rank(each: Debt) -> tuple[object, ...]:
        invoice = each.invoice
        return (each.due_date > as_of, invoice.security_rank, -invoice.penalty_pct_per_day, each.due_date)

    short = [rank(each) for each in debts if got.get(each.invoice.number, 0) < each.open_minor]
    assert all(rank(part.debt) <= min(short) for part in parts if short)
