"""Which limit a customer has: given by hand, for a time, or computed from what is known of him (C4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_FLOOR, Decimal
from typing import Literal

from services.credit.domain.profile import Grade, Standing
from services.credit.domain.rates import RateMissing, Rates
from shared.money import Money

Source = Literal["by_hand", "computed", "temporary"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitPolicy:
    """The numbers of the formula; a limit is computed in no currency that has no maximum."""

    capital_pct: Decimal
    sales_pct: Decimal
    grade_factors: Mapping[Grade, Decimal]
    ungraded_factor: Decimal
    standing_factors: Mapping[Standing, Decimal]
    unknown_standing_factor: Decimal
    maximum: Mapping[str, Money]


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a limit is computed from; None is unknown."""

    registered_capital: Money | None = None
    annual_sales: Money | None = None
    industry_standing: Standing | None = None
    grade: Grade | None = None
    secured: Money | None = None
    insured_amount: Money | None = None


@dataclass(frozen=True, slots=True)
class Computed:
    """A computed limit and what was missing for it; `limit` is None where nothing could be computed."""

    limit: Money | None
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Temporary:
    """A limit that counts up to and including its last day, whatever else does."""

    limit: Money
    until_date: date

    @property
    def end_date(self) -> date:
        """The first day on which it no longer counts."""
        return self.until_date + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Granted:
    """The limit that counts, and where it is from; None where there is none."""

    limit: Money | None
    source: Source | None


def compute(means: Means, *, policy: LimitPolicy, rates: Rates) -> Computed:
    """Return the smaller of the shares of capital and sales x grade's factor x standing's, plus what is secured.

    The limit is in the currency of the annual sales, else of the capital, and never above the policy's maximum in it;
    other currencies are converted, and an input that is unknown or lacks a rate is left out and named.
    """
    leading = means.annual_sales or means.registered_capital
    if leading is None:
        return Computed(None, ("registered_capital", "annual_sales"))
    if leading.currency not in policy.maximum:
        return Computed(None, (f"maximum_{leading.currency}",))
    inputs = _Inputs(leading.currency, rates, [])
    shares = [
        Decimal(minor) * pct / 100
        for minor, pct in (
            (inputs.minor("registered_capital", means.registered_capital), policy.capital_pct),
            (inputs.minor("annual_sales", means.annual_sales), policy.sales_pct),
        )
        if minor is not None
    ]
    base = min(shares) * _grade_factor(means, policy, inputs) * _standing_factor(means, policy, inputs)
    whole = int(base.to_integral_value(ROUND_FLOOR))
    whole += sum(inputs.minor_known(name, getattr(means, name)) for name in ("secured", "insured_amount"))
    return Computed(Money(min(whole, policy.maximum[leading.currency].minor), leading.currency), tuple(inputs.missing))


def share_of(computed: Money, share_pct: int) -> Money:
    """Return the share of a computed limit that a customer has grown to, in whole minor units, rounded down."""
    return Money(computed.minor * share_pct // 100, computed.currency)


def granted(*, temporary: Temporary | None, given: Money | None, computed: Money | None) -> Granted:
    """Return the limit that counts: for a time before by hand before computed."""
    if temporary is not None:
        return Granted(temporary.limit, "temporary")
    if given is not None:
        return Granted(given, "by_hand")
    return Granted(computed, "computed" if computed is not None else None)


@dataclass(frozen=True, slots=True)
class _Inputs:
    """Reads amounts in the limit's currency, and notes the names of those that cannot be had."""

    currency: str
    rates: Rates
    missing: list[str]

    def minor(self, name: str, amount: Money | None) -> int | None:
        if amount is None:
            self.missing.append(name)
            return None
        try:
            return self.rates.convert(amount, self.currency).minor
        except RateMissing:
            self.missing.append(f"{name}_rate")
            return None

    def minor_known(self, name: str, amount: Money | None) -> int:
        return 0 if amount is None else self.minor(name, amount) or 0


def _grade_factor(means: Means, policy: LimitPolicy, inputs: _Inputs) -> Decimal:
    if means.grade is None:
        inputs.missing.append("grade")
        return policy.ungraded_factor
    return policy.grade_factors[means.grade]


def _standing_factor(means: Means, policy: LimitPolicy, inputs: _Inputs) -> Decimal:
    if means.industry_standing is None:
        inputs.missing.append("industry_standing")
        return policy.unknown_standing_factor
    return policy.standing_factors[means.industry_standing]
