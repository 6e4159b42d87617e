"""What credit's callers send: one model per body, each field in one spelling only."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from services.credit.api.asking import CustomerNumber
from services.credit.domain.profile import Grade, Kind
from shared.money import Money
from shared.web.models import BusinessDate, CountryCode, Currency, MoneyText, MultiLine, SingleLine, StrictModel

Name = Annotated[str, SingleLine(200)]
TaxNumber = Annotated[str, SingleLine(40)]
GroupCode = Annotated[str, SingleLine(64)]
OrderNumber = Annotated[str, SingleLine(64)]
Note = Annotated[str, MultiLine(1000)]
Code = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.+-]{0,63}$", examples=["construction"])]
RateText = Annotated[str, Field(pattern=r"^[0-9]{1,12}([.][0-9]{1,10})?$", examples=["7.1032"])]

BATCH_ITEMS = 500


class Limit(MoneyText):
    """A limit of zero or more."""

    amount: Annotated[str, Field(pattern=r"^[0-9]{1,15}([.][0-9]{1,4})?$", examples=["500000.00"])]


class OrderAmount(MoneyText):
    """The sum of an order, more than zero."""

    @model_validator(mode="after")
    def _positive(self) -> Self:
        if self.money().minor <= 0:
            raise PydanticCustomError("amount_positive", "Amount must be greater than zero")
        return self


class RegisterCustomer(StrictModel):
    """A customer as the ERP knows it."""

    customer_number: CustomerNumber
    name: Name
    tax_number: TaxNumber | None = None
    kind: Kind
    country: CountryCode
    industry: Code | None = None
    group: GroupCode | None = None
    grade: Grade | None = None
    limit: Limit | None = None
    key_customer: bool = False

    def facts(self) -> dict[str, Any]:
        """Return the fields of the profile."""
        fields = {name: getattr(self, name) for name in type(self).model_fields if name != "limit"}
        return {**fields, "limit": money_of(self.limit)}


class RegisterCustomers(StrictModel):
    """Many customers in one call."""

    items: Annotated[list[RegisterCustomer], Field(min_length=1, max_length=BATCH_ITEMS)]


class AmendCustomer(StrictModel):
    """The fields to set; what is not named stays, null clears what may be unknown."""

    name: Name | None = None
    tax_number: TaxNumber | None = None
    kind: Kind | None = None
    country: CountryCode | None = None
    industry: Code | None = None
    group: GroupCode | None = None
    grade: Grade | None = None
    key_customer: bool | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise PydanticCustomError("nothing_named", "Name at least one field")
        cleared = {name for name in self.model_fields_set if getattr(self, name) is None}
        if cleared & {"name", "kind", "country", "key_customer"}:
            raise PydanticCustomError("not_clearable", "name, kind, country and key_customer cannot be cleared")
        return self

    def facts(self) -> dict[str, Any]:
        """Return the fields that are named."""
        return {name: getattr(self, name) for name in sorted(self.model_fields_set)}


class SetLimit(Limit):
    """A limit with the reason why it is given, in a person's words."""

    reason: Note | None = None


class ReleaseLimit(StrictModel):
    """Why the computed limit shall count again."""

    reason: Note


class SetTemporaryLimit(Limit):
    """A limit up to and including its last business day, and why."""

    until_date: BusinessDate
    reason: Note


class SetSecurity(Limit):
    """What securities in hand are worth, zero for none, and which they are."""

    reason: Note


class LiftHold(StrictModel):
    """Why deliveries go on, and who approved it."""

    reason: Literal["secured", "decided"]
    approver: Name
    note: Note


class SetGroup(StrictModel):
    """What the members of a group may owe together."""

    limit: Limit
    reason: Note | None = None


class Decide(StrictModel):
    """A decision on the blacklist: its reason as a code, and what the person who decided wrote."""

    reason: Code
    note: Note | None = None


class RecordInsolvency(StrictModel):
    """When the insolvency was opened."""

    opened_date: BusinessDate
    note: Note | None = None


class CheckOrder(OrderAmount):
    """An order that the customer would like on credit."""

    customer_number: CustomerNumber
    order_number: OrderNumber


class PostRate(StrictModel):
    """From `date` on, 1 `base` is `rate` `quote`."""

    base: Currency
    quote: Currency
    rate: RateText
    date: BusinessDate

    @model_validator(mode="after")
    def _means_something(self) -> Self:
        if self.base == self.quote:
            raise PydanticCustomError("same_currency", "base and quote must differ")
        if not self.rate.strip("0."):
            raise PydanticCustomError("rate_zero", "Rate must be greater than zero")
        return self


ReservationState = Literal["live", "consumed", "released", "expired"]


def money_of(limit: MoneyText | None) -> Money | None:
    """Return the sum, if there is one."""
    return limit.money() if limit is not None else None
