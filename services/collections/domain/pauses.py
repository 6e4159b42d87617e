"""Pauses: days on which dunning rests, and which the stage does not count (K22)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from services.collections.domain.receivables import Receivable

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Rest for an invoice, a customer (at one entity or all) or a case, from `start_date` through `end_date`."""

    pause_id: UUID
    customer_id: UUID
    entity: str | None
    scope: str
    invoice_id: UUID | None
    case_id: UUID | None
    start_date: date
    end_date: date | None
    reason: str
    ended: bool = False

    def concerns(self, receivable: Receivable, case_id: UUID | None) -> bool:
        """Return whether this debt, belonging to that case, rests by it."""
        match self.scope:
            case "invoice":
                return self.invoice_id == receivable.invoice_id
            case "case":
                return self.case_id == case_id
            case _:
                return self.entity in (None, receivable.entity)

    def rests(self, day: date) -> bool:
        """Return whether nothing is sent on `day`."""
        return self.start_date <= day and (self.end_date is None or day <= self.end_date)


def paused_days(pauses: Iterable[Pause], *, due_date: date, as_of: date) -> int:
    """Return the days in the union of (start, end] that lie after the due date and not after `as_of`."""
    counted = 0
    reached = due_date
    for start, end in sorted((pause.start_date, pause.end_date or as_of) for pause in pauses):
        first, last = max(start, reached), min(end, as_of)
        if last > first:
            counted += (last - first).days
        reached = max(reached, last)
    return counted


def resting_until(pauses: Iterable[Pause], day: date) -> date | None:
    """Return the last day of the rest that holds on `day`; None where one has no end yet."""
    last: date | None = day - _DAY
    for start, end in sorted((pause.start_date, pause.end_date or date.max) for pause in pauses):
        if last is not None and start <= max(day, last + _DAY) and end > last:
            last = None if end == date.max else end
    return last
