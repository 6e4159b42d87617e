"""A customer as credit's callers get him: all that is known, each fact as it was stated (C1)."""

from datetime import date
from typing import Any
from uuid import UUID

from services.credit.api.shown import MoneyShown, Shown
from services.credit.domain.profile import Grade, Kind, Profile, RegistrationState, SizeClass, Standing
from services.credit.store.facts import to_json
from shared.web.models import AmountText


class FinancialsShown(Shown):
    """A financial statement, in major units of its currency."""

    statement_date: date
    currency: str
    current_assets: AmountText
    current_liabilities: AmountText
    total_assets: AmountText
    total_liabilities: AmountText
    sales: AmountText
    net_profit: AmountText
    retained_earnings: AmountText | None
    ebit: AmountText | None


class BankSummaryShown(Shown):
    """What bank statements of a period came to, in major units of its currency."""

    start_date: date
    end_date: date
    currency: str
    average_balance: AmountText
    monthly_inflow: AmountText


class CustomerShown(Shown):
    """A customer as it stands; `version` is its ETag. Key are those whom people named and the first by sales."""

    customer_id: UUID
    customer_number: str
    name: str
    tax_number: str | None
    kind: Kind
    country: str
    industry: str | None
    group: str | None
    grade: Grade | None
    key_customer: bool
    top_by_sales: bool
    limit: MoneyShown | None
    registration_number: str | None
    registration_state: RegistrationState | None
    registered_capital: MoneyShown | None
    founding_date: date | None
    annual_sales: MoneyShown | None
    industry_standing: Standing | None
    financials: FinancialsShown | None
    bank_summary: BankSummaryShown | None
    judgments_count: int | None
    enforcements_count: int | None
    insured_amount: MoneyShown | None
    size_class: SizeClass | None
    blacklisted: bool
    blacklist_reason: str | None
    insolvency_date: date | None
    version: int


def customer_document(profile: Profile) -> dict[str, Any]:
    """Return a customer as JSON."""
    facts = {name: to_json(getattr(profile, name)) for name in CustomerShown.model_fields if hasattr(profile, name)}
    return facts | {
        "customer_id": str(profile.customer_id),
        "blacklisted": profile.blacklist_reason is not None,
    }
