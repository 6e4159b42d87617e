"""The laws of debts: money is conserved, no open amount is negative at any date, reversal restores the age."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ledger.domain.allocation import Agreed, Designation, agree, allocate
from services.ledger.domain.credit import Share
from services.ledger.domain.debt import Debt, Movement, cancel, mark_overdue, settle, settled_by
from services.ledger.domain.reallocation import give_back, move_shares, shares_after
from services.ledger.domain.refusals import Conflict, Invalid
from services.ledger.tests.debts_at_hand import ISSUED, PAPER, Terms, basis, debt, many_debts

DUE = date(2026, 1, 10)

designations = st.lists(
    st.builds(
        Designation,
        invoice_number=st.sampled_from([f"I-{index}" for index in range(7)]),
        minor=st.none() | st.integers(1, 5000),
    ),
    max_size=4,
)


def shares_of(movements: list[Movement]) -> list[Share]:
    """Return what these movements settle."""
    return shares_after([], movements)


@given(debts=many_debts(), minor=st.integers(0, 70_000), lines=designations)
def test_allocation_conserves_money_and_keeps_to_the_designation(
    debts: list[Debt], minor: int, lines: list[Designation]
) -> None:
    """L5: what is not settled is unapplied, and no debt gets more by designation than its lines say."""
    before = {each.invoice.number: each.open_minor for each in debts}
    movements = allocate(minor, debts=debts, designations=lines, document=PAPER, effective_date=DUE)
    assert 0 <= settled_by(movements) <= minor
    assert sum(before.values()) - sum(each.open_minor for each in debts) == settled_by(movements)
    assert all(0 <= each.open_minor == each.invoice.open_minor for each in debts)
    designated = [each for each in movements if each.rule == "designation"]
    assert {each.debt.invoice.number for each in designated} <= {line.invoice_number for line in lines}
    if any(line.minor is None for line in lines):
        assert movements == designated


@given(debts=many_debts(), minor=st.integers(1, 70_000), days=st.integers(0, 40))
def test_a_reversal_restores_open_amounts_and_ages(debts: list[Debt], minor: int, days: int) -> None:
    """L4: as new entries, not by deletion; a settled debt begins its next episode under its old due date."""
    before = [(each.open_minor, each.due_date) for each in debts]
    movements = allocate(minor, debts=debts, designations=[], document=PAPER, effective_date=DUE)
    settled = {each.instalment_id for each in debts if each.open_minor == 0}
    back = give_back(
        shares_of(movements),
        debts={each.instalment_id: each for each in debts},
        basis=basis(DUE + timedelta(days=days), "reversal"),
    )
    assert [(each.open_minor, each.due_date) for each in debts] == before
    assert settled_by([*movements, *back]) == 0
    assert all(each.episode == (2 if each.instalment_id in settled else 1) for each in debts)


@given(
    steps=st.lists(
        st.tuples(
            st.integers(1, 100), st.dates(ISSUED, date(2026, 2, 1)), st.none() | st.dates(ISSUED, date(2026, 2, 1))
        ),
        max_size=8,
    )
)
def test_no_open_amount_is_negative_at_any_date(steps: list[tuple[int, date, date | None]]) -> None:
    """Invariant 4 at every date, whatever is recorded late: payments, and reversals of some of them."""
    owed = debt("I-1", Terms(150, DUE))
    movements: list[Movement] = []
    for minor, received, reversed_date in steps:
        if min(minor, owed.open_minor) == 0:
            continue
        paid = settle(owed, min(minor, owed.open_minor), basis=basis(received))
        movements.append(paid)
        if reversed_date is not None:
            movements += give_back(
                shares_of([paid]), debts={owed.instalment_id: owed}, basis=basis(reversed_date, "reversal")
            )
    for day in {each.effective_date for each in movements}:
        assert 150 + sum(each.delta_minor for each in movements if each.effective_date <= day) >= 0
    assert owed.open_at_due_minor == 150 + sum(each.delta_minor for each in movements if each.effective_date <= DUE)


@given(debts=many_debts(), minor=st.integers(1, 70_000), data=st.data())
def test_an_agreement_instead_of_what_was_settled_gives_exactly_what_is_wanted(
    debts: list[Debt], minor: int, data: st.DataObject
) -> None:
    """L5: the history keeps both, and the shares afterward are those agreed on."""
    at_hand = {each.instalment_id: each for each in debts}
    paid = allocate(minor, debts=debts, designations=[], document=PAPER, effective_date=ISSUED)
    shares = shares_of(paid)
    given_up = {share.instalment_id: share.minor for share in shares}
    line = data.draw(st.sampled_from(debts))
    most = min(line.amount_minor, settled_by(paid))
    lines = [Agreed(invoice_number=line.invoice.number, minor=data.draw(st.integers(1, most)))]
    wanted = agree(lines, debts=debts, given_up=given_up)
    moved = move_shares(wanted, shares=shares, debts=at_hand, basis=basis(ISSUED, "agreement"))
    assert {share.instalment_id: share.minor for share in shares_after(shares, moved)} == wanted
    assert all(each.open_minor == each.amount_minor - wanted.get(each.instalment_id, 0) for each in debts)


def test_an_agreement_is_refused_before_anything_moves() -> None:
    """Faults 3.9: two lines of one debt count together."""
    owed = debt("I-1", Terms(100, DUE))
    lines = [Agreed(invoice_number="I-1", minor=60), Agreed(invoice_number="I-1", minor=41)]
    with pytest.raises(Conflict):
        agree(lines, debts=[owed], given_up={})
    with pytest.raises(Invalid):
        agree([Agreed(invoice_number="I-2", minor=1)], debts=[owed], given_up={})
    assert owed.open_minor == 100


def test_only_money_effective_by_the_due_date_undoes_an_overdue() -> None:
    """L7: and only when nothing was left at the end of that date."""
    owed = debt("I-1", Terms(100, DUE))
    assert not mark_overdue(owed, open_day=DUE)
    assert mark_overdue(owed, open_day=DUE + timedelta(days=1))
    assert not mark_overdue(owed, open_day=DUE + timedelta(days=2))
    assert not settle(owed, 60, basis=basis(DUE)).undoes_overdue
    assert settle(owed, 40, basis=basis(DUE)).undoes_overdue
    late = debt("I-2", Terms(100, DUE))
    mark_overdue(late, open_day=DUE + timedelta(days=1))
    settle(late, 60, basis=basis(DUE + timedelta(days=1)))
    assert not settle(late, 40, basis=basis(DUE)).undoes_overdue


def test_money_received_before_the_invoice_settles_it_from_its_issue_date() -> None:
    """L9: as of a date before the issue nothing is open, and nothing is paid."""
    owed = debt("I-1", Terms(100, DUE))
    assert settle(owed, 100, basis=basis(ISSUED - timedelta(days=9))).effective_date == ISSUED


def test_more_than_is_open_is_refused_with_the_balance() -> None:
    """Faults 3.9."""
    owed = debt("I-1", Terms(100, DUE))
    with pytest.raises(Conflict) as refusal:
        settle(owed, 101, basis=basis(DUE))
    assert refusal.value.balances == {"open": 100}


def test_an_invoice_settled_in_part_is_not_cancelled() -> None:
    """L2."""
    owed = debt("I-1", Terms(100, DUE))
    settle(owed, 1, basis=basis(DUE))
    with pytest.raises(Conflict):
        cancel(owed.invoice, [owed], basis=basis(DUE))
