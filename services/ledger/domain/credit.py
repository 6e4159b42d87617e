"""Money or a credit note that can settle debts: what it was, and what of it is still unapplied (L4)."""

from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple
from uuid import UUID

from services.ledger.domain.debt import Document
from services.ledger.domain.refusals import Conflict, Invalid

Kind = Literal["payment", "credit_note"]


@dataclass(slots=True, kw_only=True)
class Credit:
    """A payment or credit note: amount = settled debts + unapplied + refunded + reversed, at every moment."""

    credit_id: UUID
    kind: Kind
    number: str
    entity: str
    customer_id: UUID
    partition_no: int
    currency: str
    effective_date: date
    amount_minor: int
    unapplied_minor: int
    refunded_minor: int = 0
    reversed_minor: int = 0

    def document(self, kind: str | None = None) -> Document:
        """Return the paper that moves debts by this credit."""
        return Document(kind=kind or self.kind, document_id=self.credit_id, number=self.number)

    @property
    def settled_minor(self) -> int:
        """What of it has settled debts."""
        return self.amount_minor - self.unapplied_minor - self.refunded_minor - self.reversed_minor


class Share(NamedTuple):
    """So much of an instalment is settled by a payment or credit note, effective on a date."""

    instalment_id: UUID
    minor: int
    effective_date: date


def apply(credit: Credit, *, minor: int) -> None:
    """Use up unapplied credit, or give some back where `minor` is negative."""
    if minor > credit.unapplied_minor:
        raise Conflict("More than is unapplied.", balances={"unapplied": credit.unapplied_minor})
    credit.unapplied_minor -= minor


def refund(credit: Credit, *, minor: int, refunded_date: date) -> None:
    """Give unapplied money back to the payer."""
    if refunded_date < credit.effective_date:
        raise Invalid(f"Before the payment was received, {credit.effective_date}.", pointer="/refunded_date")
    apply(credit, minor=minor)
    credit.refunded_minor += minor


def check_reversible(credit: Credit, *, reversed_date: date) -> None:
    """Raise where the money cannot have gone back: not yet come, gone already, or refunded to the payer in part."""
    if reversed_date < credit.effective_date:
        raise Invalid(f"Before the payment was received, {credit.effective_date}.", pointer="/reversed_date")
    if credit.reversed_minor:
        raise Conflict("Reversed already.")
    if credit.refunded_minor:
        raise Conflict("Refunded in part already.", balances={"refunded": credit.refunded_minor})


def reverse(credit: Credit) -> None:
    """Take all of it back; the debts it settled must be open again already, so that all of it is unapplied."""
    assert credit.unapplied_minor == credit.amount_minor, "a payment is reversed after its debts are open again"
    credit.reversed_minor, credit.unapplied_minor = credit.amount_minor, 0
