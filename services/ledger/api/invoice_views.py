"""Invoices as callers read them: amounts are decimal strings in the invoice's currency."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.ledger.domain.debt import Debt, Invoice, State
from services.ledger.domain.terms import TermsSource
from services.ledger.store.allocations import Allocation
from shared.money import format_amount

Status = Literal["pending", "open", "settled", "cancelled"]
FromTerms = Annotated[
    TermsSource | None,
    Field(
        description="Whose terms gave its due dates: the `invoice` itself, its `contract`, or `credit` where it allows "
        "less, as promised to its `order` or as of its recording; null where that was not noted yet."
    ),
]


class InstalmentView(BaseModel):
    """An instalment as it stands."""

    instalment_id: UUID
    ordinal: int
    due_date: date
    amount: str
    open: str
    episode: int
    overdue_since: date | None


class IssuedInvoiceView(BaseModel):
    """What was recorded: issued, or pending until the day of its issue date opens."""

    invoice_id: UUID
    customer_id: UUID
    entity: str
    number: str
    status: State
    currency: str
    total: str
    terms_source: FromTerms
    instalments: list[InstalmentView]
    warnings: list[str]


class InvoiceSummary(BaseModel):
    """An invoice as it stands."""

    invoice_id: UUID
    customer_id: UUID
    customer_number: str
    entity: str
    number: str
    contract_id: UUID | None
    order_number: str | None
    status: Status
    issue_date: date
    terms_source: FromTerms
    currency: str
    tax: str
    total: str
    open: str
    penalty_pct_per_day: str
    security_rank: int


class LineView(BaseModel):
    """What was sold."""

    description: str
    amount: str


class AllocationView(BaseModel):
    """What settled an instalment, or opened it again (below zero), by which rule and why."""

    document_kind: str
    document_id: UUID
    invoice_id: UUID
    invoice_number: str
    ordinal: int
    amount: str
    rule: str
    reason: str
    effective_date: date
    recorded_day: date


class InvoiceView(InvoiceSummary):
    """An invoice with its lines, its instalments and all that settled them."""

    lines: list[LineView]
    instalments: list[InstalmentView]
    allocations: list[AllocationView]


def view_instalment(debt: Debt) -> InstalmentView:
    """Return an instalment as callers see it."""
    currency = debt.invoice.currency
    return InstalmentView(
        instalment_id=debt.instalment_id,
        ordinal=debt.ordinal,
        due_date=debt.due_date,
        amount=format_amount(debt.amount_minor, currency),
        open=format_amount(debt.open_minor, currency),
        episode=debt.episode,
        overdue_since=debt.overdue_date,
    )


def view_issued(invoice: Invoice, debts: Sequence[Debt], warnings: Sequence[str]) -> IssuedInvoiceView:
    """Return a recorded invoice as callers see it."""
    return IssuedInvoiceView(
        invoice_id=invoice.invoice_id,
        customer_id=invoice.customer_id,
        entity=invoice.entity,
        number=invoice.number,
        status=invoice.state,
        currency=invoice.currency,
        total=format_amount(invoice.total_minor, invoice.currency),
        terms_source=invoice.terms_source,
        instalments=[view_instalment(debt) for debt in debts],
        warnings=list(warnings),
    )


def status_of(invoice: Invoice) -> Status:
    """Return how an invoice stands: an issued one is open until nothing is owed."""
    if invoice.state != "issued":
        return invoice.state
    return "open" if invoice.open_minor else "settled"


def summarize(invoice: Invoice) -> InvoiceSummary:
    """Return an invoice as listings show it."""
    return InvoiceSummary(
        invoice_id=invoice.invoice_id,
        customer_id=invoice.customer_id,
        customer_number=invoice.customer_number,
        entity=invoice.entity,
        number=invoice.number,
        contract_id=invoice.contract_id,
        order_number=invoice.order_number,
        status=status_of(invoice),
        issue_date=invoice.issue_date,
        terms_source=invoice.terms_source,
        currency=invoice.currency,
        tax=format_amount(invoice.tax_minor, invoice.currency),
        total=format_amount(invoice.total_minor, invoice.currency),
        open=format_amount(invoice.open_minor, invoice.currency),
        penalty_pct_per_day=f"{invoice.penalty_pct_per_day.normalize():f}",
        security_rank=invoice.security_rank,
    )


def view_allocation(allocation: Allocation) -> AllocationView:
    """Return a movement as callers see it."""
    return AllocationView(
        document_kind=allocation.document_kind,
        document_id=allocation.document_id,
        invoice_id=allocation.invoice_id,
        invoice_number=allocation.invoice_number,
        ordinal=allocation.ordinal,
        amount=format_amount(allocation.minor, allocation.currency),
        rule=allocation.rule,
        reason=allocation.reason,
        effective_date=allocation.effective_date,
        recorded_day=allocation.recorded_day,
    )
