"""How credit moves between debts afterward: back to them on a reversal, or to others by agreement (L4, L5)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from services.ledger.domain.credit import Share
from services.ledger.domain.debt import Basis, Debt, Movement, reopen, settle


def give_back(shares: Sequence[Share], *, debts: Mapping[UUID, Debt], basis: Basis) -> list[Movement]:
    """Reopen all that a payment settled, from the date of the basis, but nothing before it was settled."""
    return [
        reopen(
            debts[share.instalment_id],
            share.minor,
            basis=replace(basis, effective_date=max(basis.effective_date, share.effective_date)),
        )
        for share in shares
    ]


def move_shares(
    wanted: Mapping[UUID, int], *, shares: Sequence[Share], debts: Mapping[UUID, Debt], basis: Basis
) -> list[Movement]:
    """Take back what `shares` settle beyond what is `wanted`, as if it had never been; settle what is missing."""
    movements = list(_taken_back(wanted, shares, debts, basis))
    kept = _sums(shares)
    for instalment_id, minor in wanted.items():
        missing = minor - kept.get(instalment_id, 0)
        if missing > 0:
            movements.append(settle(debts[instalment_id], missing, basis=basis))
    return movements


def shares_after(shares: Sequence[Share], movements: Sequence[Movement]) -> list[Share]:
    """Return what a credit settles after these movements of its own, the latest first."""
    sums = {(share.effective_date, share.instalment_id): share.minor for share in shares}
    for movement in movements:
        key = (movement.effective_date, movement.debt.instalment_id)
        sums[key] = sums.get(key, 0) - movement.delta_minor
    ordered = sorted(sums.items(), key=lambda each: each[0], reverse=True)
    return [Share(instalment_id, minor, effective_date) for (effective_date, instalment_id), minor in ordered if minor]


def _taken_back(
    wanted: Mapping[UUID, int], shares: Sequence[Share], debts: Mapping[UUID, Debt], basis: Basis
) -> Iterator[Movement]:
    excess = {each: minor - wanted.get(each, 0) for each, minor in _sums(shares).items()}
    for share in shares:
        back = min(share.minor, excess[share.instalment_id])
        if back > 0:
            excess[share.instalment_id] -= back
            dated = replace(basis, reason="taken back by agreement", effective_date=share.effective_date)
            yield reopen(debts[share.instalment_id], back, basis=dated)


def _sums(shares: Sequence[Share]) -> dict[UUID, int]:
    sums: dict[UUID, int] = {}
    for share in shares:
        sums[share.instalment_id] = sums.get(share.instalment_id, 0) + share.minor
    return sums
