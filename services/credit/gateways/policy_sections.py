"""The sections of the credit policy that rule limits, light, terms and holds, as the file writes them."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Annotated, Self, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from services.credit.domain.collectible import DEFAULT
from services.credit.domain.habits import REMEMBERED_DAYS
from services.credit.domain.key_customers import SalesPolicy
from services.credit.domain.light import LightPolicy, Threshold
from services.credit.domain.limits import LimitPolicy
from services.credit.domain.newcomers import WHOLE_PCT, NewcomerPolicy
from services.credit.domain.profile import Grade, Standing
from shared.money import Money, minor_digits, parse_amount
from shared.web.models import Currency, PositiveAmountText

Percent = Annotated[Decimal, Field(gt=0, le=100)]
WholePercent = Annotated[int, Field(ge=0, le=100)]
Factor = Annotated[Decimal, Field(ge=0, le=10)]
Days = Annotated[int, Field(ge=0, le=3660)]
Months = Annotated[int, Field(ge=1, le=120)]


T = TypeVar("T", bound=Mapping[str, object])


def _names_all(names: object) -> Callable[[T], T]:
    """Return a validator: something stands for each of the names of a Literal."""

    def check(found: T) -> T:
        if missing := [name for name in get_args(names) if name not in found]:
            raise ValueError(f"missing: {', '.join(missing)}")
        return found

    return check


class Section(BaseModel):
    """A part of the policy: exactly these members."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LimitSection(Section):
    """The formula of the computed limit."""

    capital_pct: Percent
    sales_pct: Percent
    grade_factors: Annotated[dict[Grade, Factor], AfterValidator(_names_all(Grade))]
    ungraded_factor: Factor
    standing_factors: Annotated[dict[Standing, Factor], AfterValidator(_names_all(Standing))]
    unknown_standing_factor: Factor
    maximum: Annotated[dict[Currency, PositiveAmountText], Field(min_length=1)]

    def policy(self) -> LimitPolicy:
        """Return it as the domain knows it."""
        return LimitPolicy(
            capital_pct=self.capital_pct,
            sales_pct=self.sales_pct,
            grade_factors=self.grade_factors,
            ungraded_factor=self.ungraded_factor,
            standing_factors=self.standing_factors,
            unknown_standing_factor=self.unknown_standing_factor,
            maximum={
                currency: Money(parse_amount(text, currency), currency) for currency, text in self.maximum.items()
            },
        )


class NewcomerSection(Section):
    """Who is new, and how he grows."""

    months: Months
    paid_invoices: Annotated[int, Field(ge=0, le=1000)]
    start_pct: Annotated[int, Field(ge=1, le=WHOLE_PCT)]
    step_pct: Annotated[int, Field(ge=1, le=WHOLE_PCT)]
    step_months: Months
    delay_days: Days
    terms_days: Days

    def policy(self) -> NewcomerPolicy:
        """Return it as the domain knows it."""
        return NewcomerPolicy(**self.model_dump(exclude={"terms_days"}))


class TermsSection(Section):
    """How the light shortens terms."""

    yellow_pct: WholePercent


class ThresholdSection(Section):
    """What it takes for one color."""

    grades: list[Grade] = []
    debt_days: Annotated[int | None, Field(ge=1, le=3660)] = None
    promises_broken: Annotated[int | None, Field(ge=1, le=100)] = None
    exposure_pct: Percent | None = None

    def policy(self) -> Threshold:
        """Return it as the domain knows it."""
        return Threshold(
            grades=frozenset(self.grades),
            debt_days=self.debt_days,
            promises_broken=self.promises_broken,
            exposure_pct=self.exposure_pct,
        )


class LightSection(Section):
    """Yellow and red, how long a broken promise counts, and below which amount a debt does not."""

    yellow: ThresholdSection
    red: ThresholdSection
    promise_days: Annotated[int, Field(ge=1, le=3660)]
    minimum_amount: dict[str, PositiveAmountText]

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        if DEFAULT not in self.minimum_amount:
            raise ValueError("minimum_amount needs a default")
        for currency in self.minimum_amount.keys() - {DEFAULT}:
            minor_digits(currency)
        for name in ("debt_days", "promises_broken", "exposure_pct"):
            yellow, red = getattr(self.yellow, name), getattr(self.red, name)
            if yellow is not None and red is not None and red <= yellow:
                raise ValueError(f"red.{name} must be more than yellow.{name}")
        if both := set(self.yellow.grades) & set(self.red.grades):
            raise ValueError(f"grade {min(both)} cannot be yellow and red")
        return self

    def policy(self) -> LightPolicy:
        """Return it as the domain knows it."""
        return LightPolicy(
            yellow=self.yellow.policy(),
            red=self.red.policy(),
            promise_days=self.promise_days,
            minimum_amount={currency: Decimal(text) for currency, text in self.minimum_amount.items()},
        )


class HoldSection(Section):
    """A hold ends when no collectible debt of so many days is left."""

    debt_days: Annotated[int, Field(ge=1, le=3660)]


class FirstBySalesSection(Section):
    """How many are key customers by their sales, over how many days, and the rough rates for that."""

    customers: Annotated[int, Field(ge=1, le=1000)]
    window_days: Annotated[int, Field(ge=1, le=REMEMBERED_DAYS)]
    rates: Annotated[dict[Currency, Annotated[Decimal, Field(gt=0)]], Field(min_length=1)]

    def policy(self) -> SalesPolicy:
        """Return it as the domain knows it."""
        return SalesPolicy(first=self.customers, window_days=self.window_days, rates=self.rates)
