"""What collections knows of each debt: one instalment of an invoice, as the ledger tells it."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Receivable:
    """An instalment: the unit of aging and of dunning.

    An episode ends when the instalment is settled, and a reversal begins the next; `known_date` is the business date on
    which the present one became known here. `dunning_from` holds messages back after a dispute was decided (K10).
    `issued` is False while only another event has told of it.
    """

    instalment_id: UUID
    customer_id: UUID
    entity: str
    invoice_id: UUID
    invoice_number: str
    ordinal: int
    due_date: date
    currency: str
    open_minor: int
    episode: int
    known_date: date
    penalty_pct_per_day: Decimal = Decimal(0)
    dunning_from: date | None = None
    issued: bool = False

    def is_overdue(self, as_of: date) -> bool:
        """Return whether something of it is open after its due date; day 0 is not overdue (facts 3.2)."""
        return self.open_minor > 0 and self.due_date < as_of

    def days_past_due(self, as_of: date) -> int:
        """Return calendar days past due; negative before."""
        return (as_of - self.due_date).days


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What is known of the customer beside his debts; what credit says is unknown until credit is heard.

    Another grade or light counts for steps from the day after `turned_date`, on which credit told it: so the work of a
    day is the same whether it heard of it before or after. `told_date` is the latest day that the ledger told of ahead
    of the day's marker: whatever is heard or done in between happens on that day, and never goes back.
    """

    customer_id: UUID
    customer_number: str | None = None
    kind: str | None = None
    country: str | None = None
    industry: str | None = None
    grade: str | None = None
    light: str | None = None
    grade_before: str | None = None
    light_before: str | None = None
    turned_date: date | None = None
    key_customer: bool = False
    told_date: date | None = None

    def latest(self, day: date) -> date:
        """Return the later of a day that has come and what the ledger told ahead."""
        return day if self.told_date is None else max(day, self.told_date)

    def turn(self, *, on: date, grade: str | None, light: str | None) -> "Profile":
        """Return the profile with the grade and light that credit told on a business date."""
        turned = replace(self, grade=grade, light=light)
        if turned == self or self.turned_date == on:
            return turned
        return replace(turned, grade_before=self.grade, light_before=self.light, turned_date=on)

    def on(self, day: date) -> "Profile":
        """Return the profile with the grade and light that count on a day."""
        if self.turned_date is None or day > self.turned_date:
            return self
        return replace(self, grade=self.grade_before, light=self.light_before)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A creditor entity, whose country names the calendar of working days."""

    entity: str
    name: str
    country: str
    zone: str
    currency: str
