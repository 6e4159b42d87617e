"""The rows of the append-only books, as the store writes them."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.ledger.domain.credit import Credit
from services.ledger.domain.debt import Debt, Document, Invoice, Movement
from services.ledger.domain.journal import Entry, Role
from services.ledger.gateways.charts import Account
from services.ledger.store.allocations import Allocation
from shared.messaging.outgoing import Cause
from shared.rows import Row

Party = Invoice | Credit
"""Whose debt or credit: what every row of the books names."""


def of_movement(movement: Movement, cause: Cause) -> Row:
    """Return the row of one change of one open amount."""
    debt, document = movement.debt, movement.document
    return {
        **_party(debt.invoice, cause),
        "instalment_id": debt.instalment_id,
        "invoice_id": debt.invoice.invoice_id,
        "due_date": debt.due_date,
        "delta_minor": movement.delta_minor,
        "document_kind": document.kind,
        "document_id": document.document_id,
        "rule": movement.rule,
        "reason": movement.reason,
        "effective_date": movement.effective_date,
        "recorded_day": cause.business_date,
    }


def of_first_movement(debt: Debt, document: Document, cause: Cause) -> Row:
    """Return the row by which all of a new instalment is owed from its issue date."""
    return {
        **_party(debt.invoice, cause),
        "instalment_id": debt.instalment_id,
        "invoice_id": debt.invoice.invoice_id,
        "due_date": debt.due_date,
        "delta_minor": debt.amount_minor,
        "document_kind": document.kind,
        "document_id": document.document_id,
        "rule": "issue",
        "reason": "issued",
        "effective_date": debt.invoice.issue_date,
        "recorded_day": cause.business_date,
    }


def allocation_of(movement: Movement, cause: Cause) -> Allocation:
    """Return the movement as it is read back later."""
    return Allocation(
        document_kind=movement.document.kind,
        document_id=movement.document.document_id,
        invoice_id=movement.debt.invoice.invoice_id,
        invoice_number=movement.debt.invoice.number,
        currency=movement.debt.invoice.currency,
        ordinal=movement.debt.ordinal,
        minor=-movement.delta_minor,
        rule=movement.rule,
        reason=movement.reason,
        effective_date=movement.effective_date,
        recorded_day=cause.business_date,
    )


def of_credit(credit: Credit, delta_minor: int, reason: str, cause: Cause, *, effective_date: date) -> Row:
    """Return the row of one change of unapplied credit."""
    return {
        **_party(credit, cause),
        "credit_id": credit.credit_id,
        "credit_kind": credit.kind,
        "delta_minor": delta_minor,
        "reason": reason,
        "effective_date": effective_date,
        "recorded_day": cause.business_date,
    }


def of_entry(entry: Entry, party: Party, cause: Cause, accounts: Mapping[Role, Account]) -> tuple[Row, list[Row]]:
    """Return the rows of a journal entry: its header and its postings."""
    document = entry.document
    entry_id = cause.id_of("journal-entry", f"{document.kind}/{document.document_id}")
    header = {
        **_party(party, cause),
        "entry_id": entry_id,
        "posting_date": cause.business_date,
        "effective_date": entry.effective_date,
        "document_kind": document.kind,
        "document_id": document.document_id,
        "document_number": document.number,
    }
    postings: list[Row] = [
        {"entry_id": entry_id, "ordinal": ordinal, "account": accounts[role].account, "amount_minor": minor}
        for ordinal, (role, minor) in enumerate(entry.lines, start=1)
    ]
    return header, postings


def of_audit(
    action: str, subject: str, cause: Cause, *, effective_date: date, details: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the row that says who did what when, without the customer's columns."""
    return {
        "actor": cause.actor,
        "action": action,
        "subject": subject,
        "details": dict(details),
        "effective_date": effective_date,
        "business_date": cause.business_date,
        "recorded_at": cause.recorded_at,
        "correlation_id": cause.correlation_id,
    }


def _party(party: Party, cause: Cause) -> dict[str, Any]:
    return {
        "entity": party.entity,
        "currency": party.currency,
        "customer_id": party.customer_id,
        "partition_no": party.partition_no,
        "recorded_at": cause.recorded_at,
    }
