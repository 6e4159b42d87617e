"""Which debts money settles: as people agreed, else as the payer designates, else in the statutory order (L5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.ledger.domain.debt import Basis, Debt, Document, Movement, settle, settled_by
from services.ledger.domain.refusals import Conflict, Invalid
from services.ledger.domain.statute import in_statutory_order


@dataclass(frozen=True, slots=True, kw_only=True)
class Designation:
    """A line of the payer's remittance: this debt, and how much of the money, or all that is left."""

    invoice_number: str
    ordinal: int | None = None
    minor: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """A line of an allocation by agreement: exactly this much for this debt."""

    invoice_number: str
    ordinal: int | None = None
    minor: int


def allocate(
    minor: int, *, debts: Sequence[Debt], designations: Sequence[Designation], document: Document, effective_date: date
) -> list[Movement]:
    """Settle debts with `minor` and return the movements; what they leave of it stays unapplied.

    A designation binds the money that it speaks of: what exceeds the debt, or names one that is not open, is an
    over-payment and is never moved to another debt. Only money without a designation follows the statute.
    """
    free, movements = _as_designated(minor, debts, designations, document, effective_date)
    still_open = [debt for debt in debts if debt.open_minor] if free else []
    parts = in_statutory_order(free, debts=still_open, as_of=effective_date)
    for part in parts:
        basis = Basis(document=document, rule=part.rule, reason=part.reason, effective_date=effective_date)
        movements.append(settle(part.debt, part.minor, basis=basis))
    return movements


def agree(lines: Sequence[Agreed], *, debts: Sequence[Debt], given_up: Mapping[UUID, int]) -> dict[UUID, int]:
    """Return how much each instalment gets by agreement; raise where it is not open, or not for so much.

    `given_up` is what the same credit takes back from instalments first.
    """
    shares: dict[UUID, int] = {}
    for index, line in enumerate(lines):
        named = named_debts(debts, line.invoice_number, line.ordinal)
        if not named:
            raise Invalid("No such debt of this customer, entity and currency.", pointer=f"/allocations/{index}")
        left = line.minor
        for debt in named:
            room = debt.open_minor + given_up.get(debt.instalment_id, 0) - shares.get(debt.instalment_id, 0)
            shares[debt.instalment_id] = shares.get(debt.instalment_id, 0) + min(room, left)
            left -= min(room, left)
        if left:
            raise Conflict("More than is open.", balances={"open": line.minor - left})
    return shares


def named_debts(debts: Sequence[Debt], number: str, ordinal: int | None) -> list[Debt]:
    """Return the invoice's instalments, or the one of them that is named, the earliest first."""
    named = [debt for debt in debts if debt.invoice.number == number and ordinal in {None, debt.ordinal}]
    return sorted(named, key=lambda debt: (debt.due_date, debt.ordinal))


def spread(minor: int, *, debts: Sequence[Debt], basis: Basis) -> list[Movement]:
    """Settle these debts one after another until `minor` or they are used up."""
    movements: list[Movement] = []
    for debt in debts:
        share = min(debt.open_minor, minor - settled_by(movements))
        if share > 0:
            movements.append(settle(debt, share, basis=basis))
    return movements


def _as_designated(
    minor: int, debts: Sequence[Debt], lines: Sequence[Designation], document: Document, effective_date: date
) -> tuple[int, list[Movement]]:
    """Return the money that no line speaks of, and the movements of the lines; one without an amount speaks of all."""
    basis = Basis(
        document=document, rule="designation", reason="designated by the payer", effective_date=effective_date
    )
    free = minor
    movements: list[Movement] = []
    for line in lines:
        bound = free if line.minor is None else min(line.minor, free)
        settled = spread(bound, debts=named_debts(debts, line.invoice_number, line.ordinal), basis=basis)
        free -= settled_by(settled) if line.minor is None else bound
        movements += settled
    return (0 if any(line.minor is None for line in lines) else free), movements
