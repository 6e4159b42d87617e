"""What the company decided about credit in general, under a version that every answer names."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.credit.domain.grading import GradePolicy
from services.credit.domain.portfolio import Watch
from shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The limit of a customer without one of his own, by the order's currency, and the portfolio's warnings.

    `stale_after_days` says for how long an item of a profile counts as fresh.
    """

    version: str
    new_customer_limits: Mapping[str, Money]
    watch: Watch | None
    stale_after_days: Mapping[str, int]
    grades: GradePolicy
