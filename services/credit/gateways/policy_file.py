"""Reads the credit policy from YAML and refuses, by name and place, what it does not understand."""

from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from services.credit.domain.grading import GradePolicy
from services.credit.domain.policy import Policy
from services.credit.domain.portfolio import Watch
from services.credit.domain.profile import DATED
from services.credit.domain.terms import TermsPolicy
from services.credit.gateways.policy_sections import (
    Days,
    FirstBySalesSection,
    HoldSection,
    LightSection,
    LimitSection,
    NewcomerSection,
    Percent,
    Section,
    TermsSection,
)
from shared.money import AmountError, Money, parse_amount
from shared.web.models import Currency, PositiveAmountText


def _dated(name: str) -> str:
    if name not in DATED:
        raise PydanticCustomError("dated", "No item of a profile has this name")
    return name


Dated = Annotated[str, AfterValidator(_dated)]


class BadPolicy(ValueError):
    """The file is no policy; the message names the file, the place and what is wrong there."""


class _Portfolio(Section):
    currency: Currency
    warn_from_pct: Percent
    customer_share_pct: Percent | None = None
    industries: dict[str, PositiveAmountText] = Field(default_factory=dict)
    countries: dict[str, PositiveAmountText] = Field(default_factory=dict)


class _TermsDays(Section):
    A: Days
    B: Days
    C: Days
    D: Days

    @model_validator(mode="after")
    def _better_gets_more(self) -> Self:
        if not self.A >= self.B >= self.C >= self.D:
            raise ValueError("a better grade must not get fewer days")
        return self


class _Grades(Section):
    better_by_points: Annotated[int, Field(ge=0, le=1000)] = 5
    better_after_days: Annotated[int, Field(ge=0, le=366)] = 30
    review_day: Annotated[int, Field(ge=1, le=28)] = 1
    terms_days: _TermsDays = _TermsDays(A=60, B=30, C=15, D=0)

    def policy(self) -> GradePolicy:
        days = self.terms_days
        return GradePolicy(
            better_by_points=self.better_by_points,
            better_after_days=self.better_after_days,
            review_day=self.review_day,
            terms_days={"A": days.A, "B": days.B, "C": days.C, "D": days.D},
        )


class _File(Section):
    version: Annotated[str, Field(min_length=1, max_length=64)]
    new_customer_limits: dict[Currency, PositiveAmountText]
    limits: LimitSection
    newcomers: NewcomerSection
    terms: TermsSection
    light: LightSection
    holds: HoldSection
    portfolio: _Portfolio | None = None
    stale_after_days: dict[Dated, Annotated[int, Field(ge=1, le=36_500)]] = Field(default_factory=dict)
    grades: _Grades = _Grades()
    first_by_sales: FirstBySalesSection | None = None


def read_policy(path: Path) -> Policy:
    """Return the policy in the file; raise BadPolicy."""
    try:
        document = _File.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        return Policy(
            version=document.version,
            new_customer_limits={
                currency: Money(parse_amount(amount, currency), currency)
                for currency, amount in document.new_customer_limits.items()
            },
            limits=document.limits.policy(),
            newcomers=document.newcomers.policy(),
            terms=TermsPolicy(
                grade_days=document.grades.policy().terms_days,
                newcomer_days=document.newcomers.terms_days,
                yellow_pct=document.terms.yellow_pct,
            ),
            light=document.light.policy(),
            hold_debt_days=document.holds.debt_days,
            watch=_watch(document.portfolio) if document.portfolio else None,
            stale_after_days=document.stale_after_days,
            grades=document.grades.policy(),
            first_by_sales=document.first_by_sales.policy() if document.first_by_sales else None,
        )
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadPolicy(f"{path.name}: {place}: {first['msg']}") from None
    except (AmountError, yaml.YAMLError) as error:
        raise BadPolicy(f"{path.name}: {error}") from None


def _watch(portfolio: _Portfolio) -> Watch:
    currency = portfolio.currency
    return Watch(
        currency=currency,
        from_pct=portfolio.warn_from_pct,
        customer_share_pct=portfolio.customer_share_pct,
        by_industry={name: parse_amount(amount, currency) for name, amount in portfolio.industries.items()},
        by_country={name: parse_amount(amount, currency) for name, amount in portfolio.countries.items()},
    )
