"""Lets recorded invoices count: those dated ahead when their day opens, all others at once (L7)."""

from collections.abc import Sequence

from services.ledger.domain import journal
from services.ledger.domain.debt import Debt, Document, Invoice, owe
from services.ledger.usecases.book_rows import of_first_movement
from services.ledger.usecases.transcript import Transcript
from shared.contracts.ledger import InvoiceIssued, IssuedInstalment
from shared.messaging.outgoing import Cause


def count_invoice(transcript: Transcript, invoice: Invoice, debts: Sequence[Debt], cause: Cause) -> None:
    """Owe, post and announce an invoice whose issue date has come, and say what of it is past due already."""
    owe(invoice, debts)
    cause = cause.of(invoice.invoice_id)
    document = Document(kind="invoice", document_id=invoice.invoice_id, number=invoice.number)
    effective_date = invoice.issue_date
    transcript.open_account([of_first_movement(debt, document, cause) for debt in debts])
    entry = journal.of_sale(
        document, effective_date=effective_date, total_minor=invoice.total_minor, tax_minor=invoice.tax_minor
    )
    transcript.post(entry, invoice, cause)
    transcript.publish(_issued(invoice, debts), invoice.invoice_id, invoice, cause, effective_date=effective_date)
    transcript.say_overdue(debts, cause)


def _issued(invoice: Invoice, debts: Sequence[Debt]) -> InvoiceIssued:
    return InvoiceIssued(
        invoice_id=invoice.invoice_id,
        entity=invoice.entity,
        number=invoice.number,
        contract_id=invoice.contract_id,
        order_number=invoice.order_number,
        issue_date=invoice.issue_date,
        currency=invoice.currency,
        total_minor=invoice.total_minor,
        penalty_pct_per_day=invoice.penalty_pct_per_day,
        security_rank=invoice.security_rank,
        instalments=[_issued_instalment(debt) for debt in debts],
    )


def _issued_instalment(debt: Debt) -> IssuedInstalment:
    return IssuedInstalment(
        instalment_id=debt.instalment_id, ordinal=debt.ordinal, due_date=debt.due_date, amount_minor=debt.amount_minor
    )
