"""Reads the credit policy from YAML and refuses, by name and place, what it does not understand."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from services.credit.domain.grading import GradePolicy
from services.credit.domain.policy import Policy
from services.credit.domain.portfolio import Watch
from services.credit.domain.profile import DATED
from shared.money import AmountError, Money, parse_amount
from shared.web.models import Currency, PositiveAmountText

Days = Annotated[int, Field(ge=0, le=366)]
Percent = Annotated[Decimal, Field(gt=0, le=100)]


def _dated(name: str) -> str:
    if name not in DATED:
        raise PydanticCustomError("dated", "No item of a profile has this name")
    return name


Dated = Annotated[str, AfterValidator(_dated)]


class BadPolicy(ValueError):
    """The file is no policy; the message names the file, the place and what is wrong there."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Portfolio(_Part):
    currency: Currency
    warn_from_pct: Percent
    customer_share_pct: Percent | None = None
    industries: dict[str, PositiveAmountText] = {}
    countries: dict[str, PositiveAmountText] = {}


class _TermsDays(_Part):
    A: Days
    B: Days
    C: Days
    D: Days


class _Grades(_Part):
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


class _File(_Part):
    version: Annotated[str, Field(min_length=1, max_length=64)]
    new_customer_limits: dict[Currency, PositiveAmountText]
    portfolio: _Portfolio | None = None
    grades: _Grades = _Grades()
    stale_after_days: dict[Dated, Annotated[int, Field(ge=1, le=36_500)]] = {}


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
            watch=_watch(document.portfolio) if document.portfolio else None,
            stale_after_days=document.stale_after_days,
            grades=document.grades.policy(),
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
