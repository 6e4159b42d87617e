"""What the company decided about credit in general, under a version that every answer names."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.credit.domain.grading import GradePolicy
from services.credit.domain.key_customers import SalesPolicy
from services.credit.domain.light import LightPolicy
from services.credit.domain.limits import LimitPolicy
from services.credit.domain.newcomers import NewcomerPolicy
from services.credit.domain.portfolio import Watch
from services.credit.domain.terms import TermsPolicy
from shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The rules of limits, light, terms and holds, and the portfolio's warnings.

    `new_customer_limits` is the limit of a customer without one of his own, by the order's currency; a hold ends when
    no collectible debt of `hold_debt_days` or more is left.
    Without `first_by_sales` only people name key customers.
    `stale_after_days` says for how long an item of a profile counts as fresh.
    """

    version: str
    new_customer_limits: Mapping[str, Money]
    limits: LimitPolicy
    newcomers: NewcomerPolicy
    terms: TermsPolicy
    light: LightPolicy
    hold_debt_days: int
    watch: Watch | None
    stale_after_days: Mapping[str, int]
    grades: GradePolicy
    first_by_sales: SalesPolicy | None = None
