"""Who is a key customer: whom people named so, or who is among the first by sales (C1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from services.credit.domain.habits import window_start

_SETTLED_DAYS = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesPolicy:
    """How many customers are the first by sales, over how many days, and the rough rates by which sums compare.

    `rates` say what 1 unit of a currency is in that of the ranking; what is sold in any other does not count.
    """

    first: int
    window_days: int
    rates: Mapping[str, Decimal]

    def since(self, as_of: date) -> date:
        """Return the first day of which invoices count."""
        return window_start(as_of, self.window_days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A customer's place in a ranking, from 1 on, with the sales that gave it, in major units."""

    customer_id: UUID
    place: int
    sales: Decimal


def settled_day(day: date) -> date:
    """Return a day of which all partitions have heard everything when the work of `day` begins in one of them.

    They do not keep step: one may stand still for days while the others go on. A month is longer than anybody lets it,
    and changes little of what was sold within a year.
    """
    return day - timedelta(days=_SETTLED_DAYS)
