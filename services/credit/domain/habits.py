"""How a customer pays: what each debt came to, which promises held, and the figures that follow (C2, C4, C6)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Literal
from uuid import UUID

REMEMBERED_DAYS = 730
"""The longest window that any figure may ask for."""

Outcome = Literal["kept", "partly_kept", "broken"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """An instalment as it stands; `paid_minor` is what payments, not credit notes, have settled of it.

    `moved_date` is the latest effective date on which its open amount moved; `issue_date` is None where the instalment
    is known only by its movements.
    """

    instalment_id: UUID
    invoice_id: UUID
    issue_date: date | None
    due_date: date
    currency: str
    amount_minor: int
    open_minor: int
    paid_minor: int = 0
    moved_date: date | None = None

    @property
    def paid_date(self) -> date | None:
        """The effective date of the payment that settled it; None while it is open, or if no payment had a part."""
        return self.moved_date if self.open_minor == 0 and self.paid_minor > 0 else None

    def delay_days(self, as_of: date) -> int:
        """How late it was paid, or how late it is by `as_of` while it is open; by the due date is not late (L7)."""
        return max(0, ((self.paid_date or as_of) - self.due_date).days)

    def move(self, delta_minor: int, *, effective_date: date, by_payment: bool) -> "Debt":
        """Return the debt with its open amount moved; a positive delta opens it again."""
        return replace(
            self,
            open_minor=self.open_minor + delta_minor,
            paid_minor=self.paid_minor - delta_minor if by_payment else self.paid_minor,
            moved_date=max(self.moved_date or effective_date, effective_date),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseEnd:
    """How a promise ended, and on which business date."""

    promise_id: UUID
    outcome: Outcome
    ended_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """A customer's way of paying; `debts` are those open, and those settled since the day from which they were loaded.

    `paid_invoices` counts, over all time, the invoices of which nothing is open and something was paid.
    """

    first_invoice_date: date | None = None
    paid_invoices: int = 0
    debts: Mapping[UUID, Debt] = field(default_factory=dict)
    promises: Mapping[UUID, PromiseEnd] = field(default_factory=dict)

    def paid_since(self, start: date) -> list[Debt]:
        """Return the debts that were paid on `start` or later."""
        return [each for each in self.debts.values() if each.paid_date is not None and each.paid_date >= start]

    def late_pct(self, *, since: date) -> Decimal | None:
        """Return the share of the debts paid since then that were late; None without any."""
        paid = self.paid_since(since)
        late = sum(1 for each in paid if each.delay_days(since))
        return Decimal(100 * late) / len(paid) if paid else None

    def average_delay_days(self, *, since: date) -> Decimal | None:
        """Return the average delay of the debts paid since then, weighted by what was paid; None without any.

        Sums weigh within their currency, and each currency weighs by the number of its debts: none is converted.
        """
        paid = sorted(self.paid_since(since), key=lambda each: each.currency)
        total = Decimal(0)
        for _, group in groupby(paid, key=lambda each: each.currency):
            debts = list(group)
            weighted = sum(each.delay_days(since) * each.paid_minor for each in debts)
            total += Decimal(weighted * len(debts)) / sum(each.paid_minor for each in debts)
        return total / len(paid) if paid else None

    def worst_delay_days(self, start: date, end: date) -> int:
        """Return the longest delay of what was paid in [start, end) and of what was open at its end."""
        within = (each for each in self.debts.values() if each.paid_date is None or start <= each.paid_date < end)
        return max((each.delay_days(end) for each in within if each.open_minor or each.paid_date), default=0)

    def overdue_days(self, as_of: date) -> int:
        """Return how long the oldest open debt has been overdue; 0 without any."""
        return max((each.delay_days(as_of) for each in self.debts.values() if each.open_minor), default=0)

    def broken_since(self, start: date) -> int:
        """Return how many promises were broken on `start` or later."""
        ends = self.promises.values()
        return sum(1 for each in ends if each.outcome == "broken" and each.ended_date >= start)

    def age_days(self, as_of: date) -> int | None:
        """Return since how many days invoices have come; None before the first one."""
        return (as_of - self.first_invoice_date).days if self.first_invoice_date else None

    def owe(self, debts: Iterable[Debt]) -> "Habit":
        """Return the habit once an invoice of these instalments is issued."""
        new = {each.instalment_id: each for each in debts}
        dates = [each.issue_date for each in new.values() if each.issue_date is not None]
        first = min([*dates, *([self.first_invoice_date] if self.first_invoice_date else [])], default=None)
        return replace(self, first_invoice_date=first, debts={**self.debts, **new})

    def settle(self, debts: Iterable[Debt]) -> "Habit":
        """Return the habit with these debts as they stand now; all instalments of their invoices must be loaded."""
        after = {**self.debts, **{each.instalment_id: each for each in debts}}
        invoices = {each.invoice_id for each in after.values() if self.debts.get(each.instalment_id) != each}
        paid = _paid_invoices(after.values(), invoices) - _paid_invoices(self.debts.values(), invoices)
        return replace(self, debts=after, paid_invoices=self.paid_invoices + paid)

    def end_promise(self, end: PromiseEnd) -> "Habit":
        """Return the habit once a promise has ended; a promise that ends anew counts as it ended last."""
        return replace(self, promises={**self.promises, end.promise_id: end})


def window_start(as_of: date, days: int) -> date:
    """Return the first day of the window of so many days that ends on `as_of`."""
    return as_of - timedelta(days=days - 1)


def _paid_invoices(debts: Iterable[Debt], invoice_ids: set[UUID]) -> int:
    return sum(1 for parts in _by_invoice(debts, invoice_ids) if _is_paid(parts))


def _by_invoice(debts: Iterable[Debt], invoice_ids: set[UUID]) -> Iterator[list[Debt]]:
    found: dict[UUID, list[Debt]] = {each: [] for each in invoice_ids}
    for debt in debts:
        if debt.invoice_id in found:
            found[debt.invoice_id].append(debt)
    return iter(found.values())


def _is_paid(parts: list[Debt]) -> bool:
    return bool(parts) and all(each.open_minor == 0 for each in parts) and any(each.paid_minor > 0 for each in parts)
