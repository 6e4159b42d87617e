"""Invoices as callers write them: amounts are decimal strings in the invoice's currency."""

from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import Field, WithJsonSchema, model_validator

from services.ledger.api.bulk import MAX_ITEMS
from services.ledger.api.writing import CodeText, Number, Rate, TaxText, minor
from services.ledger.domain.invoice import Due, InvoiceFacts, Line
from services.ledger.domain.terms import EndOfMonth, FixedDay, NetDays, Terms
from shared.web.models import AmountText, BusinessDate, Currency, PositiveAmountText, SingleLine, StrictModel


class NetTerms(StrictModel):
    """So many days after the issue date."""

    kind: Literal["net"]
    days: Annotated[int, Field(ge=0, le=3650)]


class EndOfMonthTerms(StrictModel):
    """So many days after the end of the month of issue."""

    kind: Literal["end_of_month"]
    days: Annotated[int, Field(ge=0, le=3650)]


class FixedDayTerms(StrictModel):
    """That day, so many months after the month of issue; the month's last day where it is shorter."""

    kind: Literal["fixed_day"]
    day: Annotated[int, Field(ge=1, le=31)]
    months: Annotated[int, Field(ge=0, le=120)]


TermsBody = Annotated[NetTerms | EndOfMonthTerms | FixedDayTerms, Field(discriminator="kind")]


class LineBody(StrictModel):
    """What was sold, without tax; below zero for a discount."""

    description: Annotated[str, SingleLine(500)]
    amount: AmountText


class InstalmentBody(StrictModel):
    """An amount with its own due date."""

    due_date: BusinessDate
    amount: PositiveAmountText


class InvoiceBody(StrictModel):
    """An invoice of the ERP; due by `instalments`, or whole by `terms`, or by the terms of its contract."""

    entity: CodeText
    number: Number
    customer_number: Number
    contract_reference: Number | None = None
    order_number: Number | None = None
    issue_date: BusinessDate
    currency: Currency
    lines: Annotated[list[LineBody], Field(min_length=1, max_length=1000)]
    tax: TaxText
    total: PositiveAmountText
    terms: TermsBody | None = None
    instalments: Annotated[list[InstalmentBody] | None, Field(min_length=1, max_length=120)] = None
    penalty_pct_per_day: Rate | None = None
    security_rank: Annotated[int | None, Field(ge=0, le=1000)] = None

    @model_validator(mode="after")
    def _due_one_way(self) -> Self:
        if self.terms is not None and self.instalments is not None:
            msg = "Name terms or instalments, not both"
            raise ValueError(msg)
        return self

    def facts(self) -> InvoiceFacts:
        """Return what the invoice states; raise Invalid where an amount does not fit its currency."""
        penalty = None if self.penalty_pct_per_day is None else Decimal(self.penalty_pct_per_day)
        return InvoiceFacts(
            entity=self.entity,
            number=self.number,
            customer_number=self.customer_number,
            contract_reference=self.contract_reference,
            order_number=self.order_number,
            issue_date=self.issue_date,
            currency=self.currency,
            lines=tuple(
                Line(
                    description=line.description, minor=minor(line.amount, self.currency, pointer=f"/lines/{i}/amount")
                )
                for i, line in enumerate(self.lines)
            ),
            tax_minor=minor(self.tax, self.currency, pointer="/tax"),
            total_minor=minor(self.total, self.currency, pointer="/total"),
            terms=None if self.terms is None else terms_of(self.terms),
            instalments=tuple(
                Due(due_date=each.due_date, minor=minor(each.amount, self.currency, pointer=f"/instalments/{i}/amount"))
                for i, each in enumerate(self.instalments or ())
            ),
            penalty_pct_per_day=penalty,
            security_rank=self.security_rank,
        )


_ITEM = WithJsonSchema({"$ref": "#/components/schemas/InvoiceBody"})


class InvoiceBatch(StrictModel):
    """Many invoices at once; each is read by itself, so that a bad one spoils no other."""

    items: Annotated[list[Annotated[dict[str, Any], _ITEM]], Field(min_length=1, max_length=MAX_ITEMS)]


class CancellationBody(StrictModel):
    """The document that cancels an invoice on which nothing was paid or credited."""

    number: Number
    reason: CodeText


def terms_of(terms: NetTerms | EndOfMonthTerms | FixedDayTerms) -> Terms:
    """Return the domain's terms."""
    match terms:
        case NetTerms():
            return NetDays(terms.days)
        case EndOfMonthTerms():
            return EndOfMonth(terms.days)
        case FixedDayTerms():
            return FixedDay(terms.day, terms.months)
