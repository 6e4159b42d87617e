"""What credit's callers send: one model per body, each field in one spelling only."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from services.credit.domain.profile import Grade, Kind
from services.credit.gateways.fact_documents import AmendedFacts, Code, Facts, Name, ZeroOrMore
from shared.web.customers import CustomerNumber
from shared.web.models import BusinessDate, CountryCode, Currency, MoneyText, MultiLine, SingleLine, StrictModel

OrderNumber = Annotated[str, SingleLine(64)]
Note = Annotated[str, MultiLine(1000)]
RateText = Annotated[str, Field(pattern=r"^[0-9]{1,12}([.][0-9]{1,10})?$", examples=["7.1032"])]

BATCH_ITEMS = 500


class OrderAmount(MoneyText):
    """The sum of an order, more than zero."""

    @model_validator(mode="after")
    def _positive(self) -> Self:
        if self.money().minor <= 0:
            raise PydanticCustomError("amount_positive", "Amount must be greater than zero")
        return self


class RegisterCustomer(Facts):
    """A customer as the ERP knows it."""

    customer_number: CustomerNumber
    name: Name
    kind: Kind
    country: CountryCode
    grade: Grade | None = None
    limit: ZeroOrMore | None = None
    key_customer: bool = False


class RegisterCustomers(StrictModel):
    """Many customers in one call."""

    items: Annotated[list[RegisterCustomer], Field(min_length=1, max_length=BATCH_ITEMS)]


class AmendCustomer(AmendedFacts):
    """The fields to set; what is not named stays, null clears what may be unknown."""

    grade: Grade | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise PydanticCustomError("nothing_named", "Name at least one field")
        return self


class SetLimit(ZeroOrMore):
    """A limit with the reason why it is given, in a person's words."""

    reason: Note | None = None


class ReleaseLimit(StrictModel):
    """Why the computed limit shall count again."""

    reason: Note


class SetTemporaryLimit(ZeroOrMore):
    """A limit up to and including its last business day, and why."""

    until_date: BusinessDate
    reason: Note


class SetSecurity(ZeroOrMore):
    """What securities in hand are worth, zero for none, and which they are."""

    reason: Note


class LiftHold(StrictModel):
    """Why deliveries go on, and who approved it."""

    reason: Literal["secured", "decided"]
    approver: Name
    note: Note


class SetGroup(StrictModel):
    """What the members of a group may owe together."""

    limit: ZeroOrMore
    reason: Note | None = None


class Decide(StrictModel):
    """A decision on the blacklist or on an insolvency: its reason as a code, and what the person who decided wrote."""

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
