"""Payments, refunds, reversals and allocations as callers write them: amounts are decimal strings."""

from typing import Annotated, Any

from pydantic import Field, WithJsonSchema

from services.ledger.api.bulk import MAX_ITEMS
from services.ledger.api.writing import CodeText, Number, minor
from services.ledger.domain.allocation import Agreed, Designation
from services.ledger.domain.payment import PaymentFacts
from shared.web.models import BusinessDate, Currency, PositiveAmountText, StrictModel

Ordinal = Annotated[int, Field(ge=1, le=1000)]


class RemittanceBody(StrictModel):
    """What the payer says the money is for; without an amount, all that is left of it."""

    invoice_number: Number
    ordinal: Ordinal | None = None
    amount: PositiveAmountText | None = None


class PaymentBody(StrictModel):
    """Money that came in; its reference is unique for its entity and source, such as `bank` or `erp`."""

    entity: CodeText
    customer_number: Number
    source: CodeText
    reference: Number
    received_date: BusinessDate
    currency: Currency
    amount: PositiveAmountText
    remittance: Annotated[list[RemittanceBody] | None, Field(max_length=500)] = None

    def facts(self) -> PaymentFacts:
        """Return what the payment states; raise Invalid where an amount does not fit its currency."""
        return PaymentFacts(
            entity=self.entity,
            customer_number=self.customer_number,
            source=self.source,
            reference=self.reference,
            received_date=self.received_date,
            currency=self.currency,
            amount_minor=minor(self.amount, self.currency, pointer="/amount"),
            remittance=tuple(self._designation(index, line) for index, line in enumerate(self.remittance or ())),
        )

    def _designation(self, index: int, line: RemittanceBody) -> Designation:
        pointer = f"/remittance/{index}/amount"
        amount = None if line.amount is None else minor(line.amount, self.currency, pointer=pointer)
        return Designation(invoice_number=line.invoice_number, ordinal=line.ordinal, minor=amount)


_ITEM = WithJsonSchema({"$ref": "#/components/schemas/PaymentBody"})


class PaymentBatch(StrictModel):
    """Many payments at once; each is read by itself, so that a bad one spoils no other."""

    items: Annotated[list[Annotated[dict[str, Any], _ITEM]], Field(min_length=1, max_length=MAX_ITEMS)]


class ReversalBody(StrictModel):
    """The payment bounced or was charged back."""

    reason: CodeText
    reversed_date: BusinessDate


class RefundBody(StrictModel):
    """Unapplied money went back to the payer."""

    reference: Number
    amount: PositiveAmountText
    refunded_date: BusinessDate


class AgreedBody(StrictModel):
    """So much for this invoice, or for this instalment of it."""

    invoice_number: Number
    ordinal: Ordinal | None = None
    amount: PositiveAmountText


class AgreementBody(StrictModel):
    """What people agreed the money is for; with `replace`, instead of all that it has settled so far."""

    allocations: Annotated[list[AgreedBody], Field(min_length=1, max_length=500)]
    replace: bool = False

    def lines(self, currency: str) -> tuple[Agreed, ...]:
        """Return the lines in minor units; raise Invalid where an amount does not fit the currency."""
        return tuple(
            Agreed(
                invoice_number=line.invoice_number,
                ordinal=line.ordinal,
                minor=minor(line.amount, currency, pointer=f"/allocations/{index}/amount"),
            )
            for index, line in enumerate(self.allocations)
        )
