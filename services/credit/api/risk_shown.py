"""How limit, light, holds and refusals are explained: one model per part of the answer (C15)."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from services.credit.api.shown import ListedHold, MoneyShown, ReasonShown, Shown
from services.credit.domain.light import Color
from services.credit.domain.limits import Source
from services.credit.domain.profile import Grade, Standing


class LimitInputs(Shown):
    """What the formula reads."""

    registered_capital: MoneyShown | None
    annual_sales: MoneyShown | None
    secured: MoneyShown | None
    insured_amount: MoneyShown | None
    industry_standing: Standing | None
    grade: Grade | None


class LimitRule(Shown):
    """The numbers of the formula as they apply to this customer."""

    capital_pct: str
    sales_pct: str
    grade_factor: str
    standing_factor: str
    maximum: list[MoneyShown]


class LimitExplained(Shown):
    """The limit: by hand, for a time, or the customer's share of the computed one."""

    limit: MoneyShown | None
    source: Source | None
    given: MoneyShown | None
    temporary: MoneyShown | None
    temporary_until: date | None
    computed: Annotated[MoneyShown | None, Field(description="By the formula, before the share")]
    share_pct: int
    good_quarters: int
    next_quarter_date: date | None
    inputs: LimitInputs
    missing: Annotated[list[str], Field(description="Unknown inputs, or <input>_rate where a rate lacks")]
    rule: LimitRule
    would_change: list[str]


class LightInputs(Shown):
    """What light and terms are derived from, beside exposure and limit."""

    grade: Grade | None
    oldest_due_date: Annotated[date | None, Field(description="Of the collectible debts")]
    promises_broken: list[date]
    is_newcomer: bool
    first_invoice_date: date | None
    paid_invoices: int


class LightRule(Shown):
    """What it takes for one color: any of these."""

    light: Color
    grades: list[Grade]
    debt_days: int | None
    promises_broken: int | None
    exposure_pct: str | None


class LightExplained(Shown):
    """The light with its reasons, and the terms with those that bind."""

    light: Color
    reasons: list[ReasonShown]
    next_date: Annotated[date | None, Field(description="The first day that may turn it by itself")]
    inputs: LightInputs
    rules: list[LightRule]
    promise_days: int
    terms_days: int | None
    terms_reasons: list[str]
    would_change: list[str]


class DeniedShown(Shown):
    """An order that did not go out on credit, as it was answered."""

    check_id: UUID
    order_number: str
    decision: str
    prepayment: MoneyShown | None
    reasons: list[ReasonShown]
    light: Color | None
    policy_version: str
    business_date: date


class DerivedShown(Shown):
    """A turn of the light or another limit; its correlation id leads to every event behind it."""

    field: str
    before: Any
    after: Any
    reason: str | None
    source: str
    actor: str
    correlation_id: str
    business_date: date
    recorded_at: datetime


class RiskShown(Shown):
    """Why this limit, light, hold and refusal."""

    limit: LimitExplained
    light: LightExplained
    holds: list[ListedHold]
    denied: list[DeniedShown]
    changes: list[DerivedShown]
