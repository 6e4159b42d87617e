"""The statutory order in which money without a designation settles debts (facts 3.3, Civil Code art. 560)."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from itertools import groupby
from typing import NamedTuple

from services.ledger.domain.debt import Debt
from shared.money import split_by_weight


class Part(NamedTuple):
    """So much money for this debt, by which rule and why."""

    debt: Debt
    minor: int
    rule: str
    reason: str


_TESTS = (
    ("statute_due_first", "debts already due come first"),
    ("statute_least_security", "among them the one with the least security"),
    ("statute_heavier_burden", "among them the heavier burden: the higher penalty"),
    ("statute_earlier_due", "among them the earlier due date"),
)
_PROPORTION = ("statute_proportion", "equal in every test, so in proportion to the open amounts")
_ONLY = ("statute_only_debt", "nothing else was open")


def in_statutory_order(minor: int, *, debts: Sequence[Debt], as_of: date) -> list[Part]:
    """Spread `minor` over the debts; each part names the test that put its debt before the next, or behind the last."""
    rank = _rank(as_of)
    ranks = sorted({rank(debt) for debt in debts})
    parts: list[Part] = []
    for position, group in enumerate(_groups(debts, rank)):
        neighbors = ranks[position : position + 2] if position + 1 < len(ranks) else ranks[-2:]
        parts += _share(minor - sum(part.minor for part in parts), group, _deciding_test(neighbors))
    return parts


def _rank(as_of: date) -> Callable[[Debt], tuple[object, ...]]:
    def rank(debt: Debt) -> tuple[object, ...]:
        invoice = debt.invoice
        return (debt.due_date > as_of, invoice.security_rank, -invoice.penalty_pct_per_day, debt.due_date)

    return rank


def _groups(debts: Sequence[Debt], rank: Callable[[Debt], tuple[object, ...]]) -> Iterator[list[Debt]]:
    # Number and ordinal decide nothing but which equal debt gets the odd cent, the same at every replay.
    ordered = sorted(debts, key=lambda debt: (*rank(debt), debt.invoice.number, debt.ordinal))
    return (list(group) for _, group in groupby(ordered, key=rank))


def _share(minor: int, group: list[Debt], test: tuple[str, str]) -> Iterator[Part]:
    open_minor = [debt.open_minor for debt in group]
    enough = minor >= sum(open_minor)
    shares = open_minor if enough else split_by_weight(minor, open_minor)
    rule, reason = test if enough or len(group) == 1 else _PROPORTION
    return (Part(debt, share, rule, reason) for debt, share in zip(group, shares, strict=True) if share > 0)


def _deciding_test(neighbors: Sequence[tuple[object, ...]]) -> tuple[str, str]:
    if len(neighbors) == 1:
        return _ONLY
    before, after = neighbors
    return next(test for test, left, right in zip(_TESTS, before, after, strict=True) if left != right)
