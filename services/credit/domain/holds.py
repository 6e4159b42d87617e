"""A hold stops deliveries already agreed, after an approved request, until money or security comes (C6)."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal
from uuid import UUID

LiftReason = Literal["paid", "secured", "decided"]


class NotOpen(Exception):
    """The hold was lifted already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A stop of deliveries; `request_id` is the SupplyStopRequested that asked for it, `lifted_by` who decided."""

    hold_id: UUID
    customer_id: UUID
    partition_no: int
    reason: str
    request_id: UUID
    placed_date: date
    lifted_date: date | None = None
    lift_reason: LiftReason | None = None
    lifted_by: str | None = None
    approver: str | None = None
    note: str | None = None

    def lift(
        self,
        reason: LiftReason,
        *,
        on: date,
        by: str,
        approver: str | None = None,
        note: str | None = None,
    ) -> "Hold":
        """Return the hold lifted; raise NotOpen where it was lifted already."""
        if self.lifted_date is not None:
            raise NotOpen
        return replace(self, lifted_date=on, lift_reason=reason, lifted_by=by, approver=approver, note=note)

    def is_paid(self, oldest_due_date: date | None, *, debt_days: int, as_of: date) -> bool:
        """Return whether no collectible debt of `debt_days` or more is left, as known on its day or later.

        Before that day the ledger has not told yet what the hold was placed for.
        """
        return as_of >= self.placed_date and not is_old(oldest_due_date, debt_days=debt_days, as_of=as_of)


def is_old(oldest_due_date: date | None, *, debt_days: int, as_of: date) -> bool:
    """Return whether a debt of that due date is `debt_days` or more past due."""
    return oldest_due_date is not None and as_of >= oldest_due_date + timedelta(days=debt_days)
