"""What each document posts: double entries that balance, on roles that a chart gives account numbers (L14)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.ledger.domain.debt import Document


class Role(StrEnum):
    """What an account is for, whatever the chart calls it."""

    RECEIVABLES = "receivables"
    REVENUE = "revenue"
    OUTPUT_TAX = "output_tax"
    BANK = "bank"
    UNAPPLIED_CASH = "unapplied_cash"
    UNAPPLIED_CREDIT_NOTES = "unapplied_credit_notes"


UNAPPLIED = {"payment": Role.UNAPPLIED_CASH, "credit_note": Role.UNAPPLIED_CREDIT_NOTES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One journal entry of one entity and currency: debits positive, credits negative, in sum zero."""

    document: Document
    effective_date: date
    lines: Sequence[tuple[Role, int]]


def entry(document: Document, *, effective_date: date, amounts: Mapping[Role, int]) -> Entry:
    """Return the entry of these amounts without its empty lines."""
    lines = tuple((role, minor) for role, minor in amounts.items() if minor)
    assert sum(minor for _, minor in lines) == 0, "an entry balances"
    return Entry(document=document, effective_date=effective_date, lines=lines)


def of_sale(document: Document, *, effective_date: date, total_minor: int, tax_minor: int) -> Entry:
    """An invoice: the customer owes, revenue is earned, the tax on it is due."""
    amounts = {Role.RECEIVABLES: total_minor, Role.REVENUE: tax_minor - total_minor, Role.OUTPUT_TAX: -tax_minor}
    return entry(document, effective_date=effective_date, amounts=amounts)


def of_returned_sale(
    document: Document, *, effective_date: date, total_minor: int, tax_minor: int, settled_minor: int
) -> Entry:
    """A cancellation or credit note: `settled_minor` of it lowers debts, the rest is owed to the customer."""
    amounts = {
        Role.REVENUE: total_minor - tax_minor,
        Role.OUTPUT_TAX: tax_minor,
        Role.RECEIVABLES: -settled_minor,
        Role.UNAPPLIED_CREDIT_NOTES: settled_minor - total_minor,
    }
    return entry(document, effective_date=effective_date, amounts=amounts)


def of_payment(document: Document, *, effective_date: date, amount_minor: int, settled_minor: int) -> Entry:
    """Money came in: part of it settled debts, the rest is owed to the customer until it is applied."""
    amounts = {
        Role.BANK: amount_minor,
        Role.RECEIVABLES: -settled_minor,
        Role.UNAPPLIED_CASH: settled_minor - amount_minor,
    }
    return entry(document, effective_date=effective_date, amounts=amounts)


def of_reversal(document: Document, *, effective_date: date, amount_minor: int, reopened_minor: int) -> Entry:
    """Money went back to the bank: debts are open again, and what was unapplied is gone."""
    return entry(
        document,
        effective_date=effective_date,
        amounts={
            Role.RECEIVABLES: reopened_minor,
            Role.UNAPPLIED_CASH: amount_minor - reopened_minor,
            Role.BANK: -amount_minor,
        },
    )


def of_refund(document: Document, *, effective_date: date, amount_minor: int) -> Entry:
    """Unapplied money went back to the payer."""
    amounts = {Role.UNAPPLIED_CASH: amount_minor, Role.BANK: -amount_minor}
    return entry(document, effective_date=effective_date, amounts=amounts)


def of_allocation(document: Document, *, effective_date: date, settled_minor: int) -> Entry:
    """Credit that was unapplied settles debts, or comes free again where `settled_minor` is negative."""
    amounts = {UNAPPLIED[document.kind]: settled_minor, Role.RECEIVABLES: -settled_minor}
    return entry(document, effective_date=effective_date, amounts=amounts)
