"""The facts of a customer as REST, files and outside sources state them: each field in one spelling only (C1)."""

import re
from datetime import date
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from services.credit.domain.financials import BankSummary, Financials
from services.credit.domain.profile import Kind, RegistrationState, SizeClass, Standing
from shared.money import AmountError, parse_amount
from shared.web.models import AmountText, BusinessDate, CountryCode, Currency, MoneyText, SingleLine, StrictModel

Name = Annotated[str, SingleLine(200)]
DocumentNumber = Annotated[str, SingleLine(40)]
GroupCode = Annotated[str, SingleLine(64)]
Code = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.+-]{0,63}$", examples=["construction"])]
Count = Annotated[int, Field(ge=0, le=100_000)]
ZeroOrMoreText = Annotated[str, Field(pattern=r"^[0-9]{1,15}([.][0-9]{1,4})?$", examples=["500000.00"])]

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_OLDEST_FIRM = date(1500, 1, 1)


def _long_ago(value: object) -> date:
    if isinstance(value, date):
        return value
    try:
        parsed = date.fromisoformat(value) if isinstance(value, str) and _DATE.fullmatch(value) else None
    except ValueError:
        parsed = None
    if parsed is None or parsed < _OLDEST_FIRM:
        raise PydanticCustomError(
            "founding_date", "Date must be a string such as 1956-03-31, of the year 1500 or later"
        )
    return parsed


FoundingDate = Annotated[date, BeforeValidator(_long_ago, json_schema_input_type=date), Field(examples=["1956-03-31"])]


class ZeroOrMore(MoneyText):
    """A sum of zero or more."""

    amount: ZeroOrMoreText


class Statement(StrictModel):
    """The figures of a financial statement, in major units of its currency."""

    statement_date: BusinessDate
    currency: Currency
    current_assets: ZeroOrMoreText
    current_liabilities: ZeroOrMoreText
    total_assets: ZeroOrMoreText
    total_liabilities: ZeroOrMoreText
    sales: ZeroOrMoreText
    net_profit: AmountText
    retained_earnings: AmountText | None = None
    ebit: AmountText | None = None

    @model_validator(mode="after")
    def _fits_currency(self) -> Self:
        self.fact()
        return self

    def fact(self) -> Financials:
        """Return the statement in minor units."""
        sums = _minor(self, besides={"statement_date", "currency"})
        return Financials(statement_date=self.statement_date, currency=self.currency, **sums)


class BankStatements(StrictModel):
    """What bank statements of a period came to, in major units of its currency."""

    start_date: BusinessDate
    end_date: BusinessDate
    currency: Currency
    average_balance: AmountText
    monthly_inflow: ZeroOrMoreText

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        if self.end_date < self.start_date:
            raise PydanticCustomError("period", "The period ends before it starts")
        self.fact()
        return self

    def fact(self) -> BankSummary:
        """Return the summary in minor units."""
        sums = _minor(self, besides={"start_date", "end_date", "currency"})
        return BankSummary(start_date=self.start_date, end_date=self.end_date, currency=self.currency, **sums)


class Facts(StrictModel):
    """What may be known of a customer as a risk; null says that it is not known."""

    tax_number: DocumentNumber | None = None
    industry: Code | None = None
    group: GroupCode | None = None
    registration_number: DocumentNumber | None = None
    registration_state: RegistrationState | None = None
    registered_capital: ZeroOrMore | None = None
    founding_date: FoundingDate | None = None
    annual_sales: ZeroOrMore | None = None
    industry_standing: Standing | None = None
    financials: Statement | None = None
    bank_summary: BankStatements | None = None
    judgments_count: Count | None = None
    enforcements_count: Count | None = None
    insured_amount: ZeroOrMore | None = None
    size_class: SizeClass | None = None

    def stated(self) -> dict[str, Any]:
        """Return the facts that are named, as values of the domain."""
        return {name: _value(getattr(self, name)) for name in sorted(self.model_fields_set)}


class AmendedFacts(Facts):
    """Facts, and who the customer is: that may be changed, never cleared."""

    name: Name | None = None
    kind: Kind | None = None
    country: CountryCode | None = None
    key_customer: bool | None = None

    @model_validator(mode="after")
    def _clears_nothing_needed(self) -> Self:
        cleared = {name for name in self.model_fields_set if getattr(self, name) is None}
        if cleared & {"name", "kind", "country", "key_customer"}:
            raise PydanticCustomError("not_clearable", "name, kind, country and key_customer cannot be cleared")
        return self


def _value(stated: Any) -> Any:
    if isinstance(stated, MoneyText):
        return stated.money()
    return stated.fact() if isinstance(stated, Statement | BankStatements) else stated


def _minor(stated: Statement | BankStatements, *, besides: set[str]) -> dict[str, Any]:
    sums = {name: getattr(stated, name) for name in type(stated).model_fields if name not in besides}
    try:
        return {
            f"{name}_minor": None if amount is None else parse_amount(amount, stated.currency)
            for name, amount in sums.items()
        }
    except AmountError as error:
        raise PydanticCustomError("amount_decimals", "{reason}", {"reason": str(error)}) from None
