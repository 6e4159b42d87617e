"""Builds the ledger's events from what the domain did."""

from collections.abc import Sequence
from uuid import UUID

from services.ledger.domain.credit import Credit
from services.ledger.domain.debt import Debt, Invoice, Movement
from shared.contracts.ledger import (
    InstalmentChange,
    InvoiceOverdue,
    InvoiceReopened,
    InvoiceSettled,
    PaymentAllocated,
)


def change_of(movement: Movement) -> InstalmentChange:
    """Return how one instalment moved, as events say it."""
    debt = movement.debt
    return InstalmentChange(
        instalment_id=debt.instalment_id,
        invoice_id=debt.invoice.invoice_id,
        invoice_number=debt.invoice.number,
        ordinal=debt.ordinal,
        due_date=debt.due_date,
        open_before_minor=movement.open_before_minor,
        open_after_minor=movement.open_after_minor,
        rule=movement.rule,
        effective_date=movement.effective_date,
        episode=movement.episode,
        undoes_overdue=movement.undoes_overdue,
    )


def changes_of(movements: Sequence[Movement]) -> list[InstalmentChange]:
    """Return how instalments moved, in order."""
    return [change_of(each) for each in movements]


def invoice_overdue(debt: Debt) -> InvoiceOverdue:
    """Say that a debt is past due, with what is open of it now."""
    return InvoiceOverdue(
        invoice_id=debt.invoice.invoice_id,
        instalment_id=debt.instalment_id,
        entity=debt.invoice.entity,
        number=debt.invoice.number,
        ordinal=debt.ordinal,
        due_date=debt.due_date,
        currency=debt.invoice.currency,
        open_minor=debt.open_minor,
        episode=debt.episode,
    )


def allocated(credit: Credit, movements: Sequence[Movement], *, unapplied_before_minor: int) -> PaymentAllocated:
    """Say which debts a payment or credit note settled."""
    return PaymentAllocated(
        credit_id=credit.credit_id,
        credit_kind=credit.kind,
        entity=credit.entity,
        currency=credit.currency,
        unapplied_before_minor=unapplied_before_minor,
        unapplied_after_minor=credit.unapplied_minor,
        changes=changes_of(movements),
    )


def settled(invoice: Invoice) -> InvoiceSettled:
    """Say that nothing of an invoice is open any more."""
    return InvoiceSettled(
        invoice_id=invoice.invoice_id,
        entity=invoice.entity,
        number=invoice.number,
        settled_date=invoice.last_effective_date,
    )


def reopened(invoice: Invoice, *, reason: str) -> InvoiceReopened:
    """Say that something of a settled invoice is open again."""
    return InvoiceReopened(invoice_id=invoice.invoice_id, entity=invoice.entity, number=invoice.number, reason=reason)


def turned(movements: Sequence[Movement]) -> tuple[list[Invoice], list[Invoice]]:
    """Return the invoices that these movements settled, and those that they reopened."""
    before: dict[UUID, tuple[Invoice, int]] = {}
    for movement in movements:
        before.setdefault(movement.debt.invoice.invoice_id, (movement.debt.invoice, movement.invoice_before_minor))
    settled_now = [invoice for invoice, minor in before.values() if minor > 0 and invoice.open_minor == 0]
    reopened_now = [invoice for invoice, minor in before.values() if minor == 0 and invoice.open_minor > 0]
    return settled_now, reopened_now
