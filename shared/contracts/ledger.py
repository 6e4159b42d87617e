"""What the ledger publishes: the money facts, each with the balances before and after it."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.event import Code, Currency, DailyRatePct, Event, Minor, Part, Reference


class Payee(Part):
    """Whom and where to pay: the creditor's own account, never a customer's."""

    name: str
    account: str
    bank: str
    phone: str
    email: str


class BankAccount(Part):
    """An account of the creditor that takes payments in one currency, from a date until the next one's."""

    currency: Currency
    holder: str
    bank: str
    number: Annotated[str, Field(description="IBAN, or the bank's own number")]
    bic: str | None = None
    valid_from: date


class EntityRecorded(Event, wire="ledger.entity-recorded.v1"):
    """A creditor entity is known or has changed; one copy goes into every partition."""

    entity: Code
    name: str
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$", description="ISO 3166-1; names the calendar of working days")]
    zone: Annotated[str, Field(description="IANA time zone")]
    currency: Currency
    payee: Annotated[Payee, Field(description="As of the event's business date, in the entity's currency")]
    tax_number: str | None = None
    address: str | None = None
    sender_email: Annotated[str | None, Field(description="From which its mails come, if not the installation's")] = (
        None
    )
    sms_signature: str | None = None
    accounts: list[BankAccount] = Field(
        default_factory=list, description="All that were approved, in the order of taking over"
    )


class ContractRecorded(Event, wire="ledger.contract-recorded.v1"):
    """A contract's terms are known."""

    contract_id: UUID
    entity: Code
    reference: Reference
    currency: Currency
    penalty_pct_per_day: DailyRatePct
    security_rank: Annotated[int, Field(ge=0, description="0 = unsecured; higher = better secured")]


class IssuedInstalment(Part):
    """One part of an invoice with its own due date: the unit of aging (L3)."""

    instalment_id: UUID
    ordinal: Annotated[int, Field(ge=1)]
    due_date: date
    amount_minor: Minor


class InstalmentChange(Part):
    """How one instalment's open amount moved, and by which rule."""

    instalment_id: UUID
    invoice_id: UUID
    invoice_number: Reference
    ordinal: Annotated[int, Field(ge=1)]
    due_date: date
    open_before_minor: Minor
    open_after_minor: Minor
    rule: Annotated[Code, Field(description="Why this instalment: designation, statute_due_first, reversal, ...")]
    effective_date: date
    episode: Annotated[int, Field(ge=1, description="Ends when the instalment is settled; a reversal begins the next")]
    undoes_overdue: Annotated[
        bool,
        Field(description="The money was effective by the due date: the overdue already published did not happen (L7)"),
    ] = False


class InvoiceIssued(Event, wire="ledger.invoice-issued.v1"):
    """An invoice counts from now: its issue date has come."""

    invoice_id: UUID
    entity: Code
    number: Reference
    contract_id: UUID | None = None
    order_number: Reference | None = None
    issue_date: date
    currency: Currency
    total_minor: Minor
    penalty_pct_per_day: DailyRatePct
    security_rank: Annotated[int, Field(ge=0)]
    instalments: list[IssuedInstalment]


class InvoiceCancelled(Event, wire="ledger.invoice-cancelled.v1"):
    """An invoice was cancelled by a document of its own; what was open is open no more."""

    invoice_id: UUID
    entity: Code
    number: Reference
    currency: Currency
    reason: Code
    changes: list[InstalmentChange]


class CreditNoteIssued(Event, wire="ledger.credit-note-issued.v1"):
    """A credit note lowers an invoice (`changes`) or waits as unapplied credit."""

    credit_note_id: UUID
    entity: Code
    number: Reference
    invoice_id: UUID | None = None
    currency: Currency
    total_minor: Minor
    unapplied_after_minor: Minor
    reason: Code
    changes: list[InstalmentChange]


class PaymentReceived(Event, wire="ledger.payment-received.v1"):
    """Money came in; all of it is unapplied until the PaymentAllocated that follows."""

    payment_id: UUID
    entity: Code
    source: Code
    reference: Reference
    currency: Currency
    amount_minor: Minor
    received_date: date


class PaymentAllocated(Event, wire="ledger.payment-allocated.v1"):
    """A payment or credit settled debts of this customer; the credit's rest stays unapplied."""

    credit_id: Annotated[UUID, Field(description="The payment or credit note that gave the money")]
    credit_kind: Literal["payment", "credit_note"]
    entity: Code
    currency: Currency
    unapplied_before_minor: Minor
    unapplied_after_minor: Minor
    changes: list[InstalmentChange]


class PaymentReversed(Event, wire="ledger.payment-reversed.v1"):
    """A payment bounced or was charged back: the debts it had settled are open again with their original age."""

    payment_id: UUID
    entity: Code
    currency: Currency
    reason: Code
    reversed_date: date
    unapplied_before_minor: Minor
    unapplied_after_minor: Minor
    changes: list[InstalmentChange]


class PaymentRefunded(Event, wire="ledger.payment-refunded.v1"):
    """Unapplied money went back to the payer."""

    payment_id: UUID
    refund_id: UUID
    entity: Code
    currency: Currency
    amount_minor: Minor
    unapplied_before_minor: Minor
    unapplied_after_minor: Minor


class InvoiceSettled(Event, wire="ledger.invoice-settled.v1"):
    """Nothing of the invoice is open any more."""

    invoice_id: UUID
    entity: Code
    number: Reference
    settled_date: date


class InvoiceReopened(Event, wire="ledger.invoice-reopened.v1"):
    """Something of a settled invoice is open again."""

    invoice_id: UUID
    entity: Code
    number: Reference
    reason: Code


class InvoiceOverdue(Event, wire="ledger.invoice-overdue.v1"):
    """An instalment is past due for the first time in its episode; published once per instalment and episode."""

    invoice_id: UUID
    instalment_id: UUID
    entity: Code
    number: Reference
    ordinal: Annotated[int, Field(ge=1)]
    due_date: date
    currency: Currency
    open_minor: Minor
    episode: Annotated[int, Field(ge=1)]


class BusinessDayReached(Event, wire="ledger.business-day-reached.v1"):
    """Day `day` is open: this partition has carried all recorded before, and the day's InvoiceOverdue (P5)."""

    day: date
