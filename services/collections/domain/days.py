"""How old a debt is for the stage: calendar days past due, less grace and paused days (K2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from services.collections.domain.pauses import Pause, paused_days

HORIZON_DAYS = 4000
"""Nothing is foreseen beyond eleven years."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """A collectible instalment as the stage sees it: open minus disputed, above the minimum, with its pauses.

    `name` is its invoice's number and its ordinal: unlike ids, which are drawn, it is the same in every run.
    """

    instalment_id: UUID
    name: tuple[str, int]
    invoice_id: UUID
    due_date: date
    currency: str
    collectible_minor: int
    pauses: Sequence[Pause] = ()

    def stage_days(self, as_of: date, grace_days: int) -> int:
        """Return the days that count on `as_of`."""
        calendar_days = (as_of - self.due_date).days
        return calendar_days - grace_days - paused_days(self.pauses, due_date=self.due_date, as_of=as_of)

    def reaches(self, days: int, grace_days: int, *, limit: date) -> date | None:
        """Return the first date on which `days` count, or None where that is after `limit`."""
        reached = self.due_date + timedelta(days=days + grace_days)
        while reached <= limit:
            missing = days - self.stage_days(reached, grace_days)
            if missing <= 0:
                return reached
            if any(pause.end_date is None and pause.start_date <= reached for pause in self.pauses):
                return None
            reached += timedelta(days=missing)
        return None
