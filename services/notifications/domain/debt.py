"""What is known of a customer's debts, what rests of them, and so how much of each may be spoken about (N5)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal
from uuid import UUID

RestKind = Literal["dispute", "promise", "pause"]

_REASON: dict[RestKind, str] = {"dispute": "disputed", "promise": "promised", "pause": "paused"}
_FIRST: tuple[RestKind, ...] = ("dispute", "promise", "pause")


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """One instalment as the ledger's events left it.

    `episode` counts how often it was open, `credit_noted_minor` is by how much credit notes have lowered it so far.
    """

    instalment_id: UUID
    customer_id: UUID
    invoice_id: UUID
    invoice_number: str
    ordinal: int
    entity: str
    due_date: date
    currency: str
    open_minor: int
    episode: int
    penalty_pct_per_day: Decimal
    credit_noted_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """A dispute, promise or pause: dunning rests for what it covers, from `from_date` through `until_date`.

    Empty or None means no restriction: any entity, invoice, instalment or currency, the whole amount, without an end.
    What was decided to be `credited` rests only until credit notes of that amount have come.
    """

    rest_id: UUID
    customer_id: UUID
    kind: RestKind
    entity: str | None = None
    invoice_id: UUID | None = None
    instalment_ids: tuple[UUID, ...] = ()
    currency: str | None = None
    amount_minor: int | None = None
    from_date: date
    until_date: date | None = None
    credited: bool = False

    def holds_on(self, today: date) -> bool:
        """Return whether dunning rests on this day."""
        return self.from_date <= today and (self.until_date is None or today <= self.until_date)

    def covers(self, debt: Debt) -> bool:
        """Return whether the debt is one of those that it speaks of."""
        return (
            self.entity in (None, debt.entity)
            and self.invoice_id in (None, debt.invoice_id)
            and self.currency in (None, debt.currency)
            and (not self.instalment_ids or debt.instalment_id in self.instalment_ids)
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """How much of a debt may be spoken about today, and why nothing where it is nothing."""

    collectible_minor: int
    reason: str | None


def standings(debts: Sequence[Debt], rests: Iterable[Rest], *, today: date) -> dict[UUID, Standing]:
    """Return the standing of each debt of a customer; an amount that rests is taken from the oldest debts it covers."""
    oldest_first = sorted(debts, key=lambda debt: (debt.due_date, debt.instalment_id))
    left = {debt.instalment_id: debt.open_minor for debt in debts}
    reasons = {debt.instalment_id: "paid" for debt in debts if debt.open_minor == 0}
    noted = {debt.instalment_id: debt.credit_noted_minor for debt in debts}
    active = [rest for rest in rests if rest.holds_on(today)]
    for rest in sorted(active, key=lambda rest: (_FIRST.index(rest.kind), rest.rest_id)):
        covered = [debt.instalment_id for debt in oldest_first if rest.covers(debt)]
        amount_minor = _awaited(rest, noted, covered) if rest.credited else rest.amount_minor
        _take(left, reasons, covered, amount_minor=amount_minor, reason=_REASON[rest.kind])
    return {debt_id: Standing(minor, reasons.get(debt_id)) for debt_id, minor in left.items()}


def _awaited(rest: Rest, noted: dict[UUID, int], covered: Iterable[UUID]) -> int:
    """Return how much of a credit no credit note has brought yet; each note counts for one dispute only."""
    awaited = rest.amount_minor or 0
    for debt_id in covered:
        used = min(awaited, noted[debt_id])
        noted[debt_id] -= used
        awaited -= used
    return awaited


def _take(
    left: dict[UUID, int], reasons: dict[UUID, str], covered: Iterable[UUID], *, amount_minor: int | None, reason: str
) -> None:
    for debt_id in covered:
        taken = left[debt_id] if amount_minor is None else min(left[debt_id], amount_minor)
        left[debt_id] -= taken
        amount_minor = None if amount_minor is None else amount_minor - taken
        if taken and not left[debt_id]:
            reasons[debt_id] = reason
