"""The rows of new documents, as the store writes them."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from services.ledger.domain.credit import Credit
from services.ledger.domain.debt import Debt, Invoice
from services.ledger.domain.invoice import InvoiceFacts
from services.ledger.domain.payment import CreditNoteFacts, PaymentFacts
from services.ledger.store.debts import DEBT_FIELDS
from services.ledger.store.invoices import INVOICE_FIELDS
from shared.messaging.outgoing import Cause
from shared.rows import Row


def invoice_row(invoice: Invoice, facts: InvoiceFacts, content_hash: bytes, cause: Cause) -> Row:
    """Return the row of a new invoice; its lines are kept as they were stated."""
    return {
        **{name: getattr(invoice, name) for name in INVOICE_FIELDS},
        "lines": [{"description": line.description, "minor": line.minor} for line in facts.lines],
        "content_hash": content_hash,
        **_recorded(cause),
    }


def instalment_row(debt: Debt) -> Row:
    """Return the row of a new instalment."""
    invoice = debt.invoice
    return {
        **{name: getattr(debt, name) for name in DEBT_FIELDS},
        "invoice_id": invoice.invoice_id,
        "customer_id": invoice.customer_id,
        "partition_no": invoice.partition_no,
        "entity": invoice.entity,
        "currency": invoice.currency,
    }


def payment_row(facts: PaymentFacts, payment: Credit, content_hash: bytes, cause: Cause) -> Row:
    """Return the row of a new payment; its remittance is kept as it was stated."""
    return {
        **_credit(payment),
        "payment_id": payment.credit_id,
        "customer_number": facts.customer_number,
        "source": facts.source,
        "reference": facts.reference,
        "received_date": facts.received_date,
        "amount_minor": payment.amount_minor,
        "remittance": [asdict(line) for line in facts.remittance],
        "content_hash": content_hash,
        **_recorded(cause),
    }


def credit_note_row(
    facts: CreditNoteFacts, note: Credit, invoice_id: UUID | None, content_hash: bytes, cause: Cause
) -> Row:
    """Return the row of a new credit note."""
    return {
        **_credit(note),
        "credit_note_id": note.credit_id,
        "number": facts.number,
        "customer_number": facts.customer_number,
        "invoice_id": invoice_id,
        "issue_date": facts.issue_date,
        "tax_minor": facts.tax_minor,
        "total_minor": facts.total_minor,
        "reason": facts.reason,
        "content_hash": content_hash,
        **_recorded(cause),
    }


def _credit(credit: Credit) -> dict[str, Any]:
    return {
        "entity": credit.entity,
        "customer_id": credit.customer_id,
        "partition_no": credit.partition_no,
        "currency": credit.currency,
        "unapplied_minor": credit.unapplied_minor,
    }


def _recorded(cause: Cause) -> dict[str, Any]:
    return {"recorded_day": cause.business_date, "recorded_at": cause.recorded_at}
