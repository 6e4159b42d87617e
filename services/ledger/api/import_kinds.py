"""Gives the worker the two kinds of files: a row is the body of a single request, and goes the same way (L2, L4)."""

from functools import partial

from services.ledger.api.import_rows import complaints, read_facts
from services.ledger.api.import_work import Kinds
from services.ledger.api.invoice_shapes import InvoiceBody
from services.ledger.api.payment_shapes import PaymentBody
from services.ledger.domain.import_columns import INVOICES, PAYMENTS
from services.ledger.domain.import_lines import Line
from services.ledger.store.imports import Import
from services.ledger.usecases.invoice_commands import IssueInvoice
from services.ledger.usecases.issue_invoices import issue_invoices
from services.ledger.usecases.origin import Origin
from services.ledger.usecases.record_payments import RecordPayment, record_payments
from services.ledger.usecases.work_import import Complaint, ImportedKind
from shared.clock import Clock
from shared.service import Context


def import_kinds(context: Context) -> Kinds:
    """Return how each kind is read and carried out."""
    return {
        "invoices": ImportedKind(
            read=partial(_read_invoice, context.clock),
            customer_of=lambda command: command.customer_id,
            carry_out=partial(issue_invoices, outbox=context.outbox),
            is_known=lambda issued: not issued.is_new,
            complaints=partial(complaints, columns=INVOICES),
        ),
        "payments": ImportedKind(
            read=partial(_read_payment, context.clock),
            customer_of=lambda command: command.customer_id,
            carry_out=partial(record_payments, outbox=context.outbox),
            is_known=lambda recorded: not recorded.is_new,
            complaints=partial(complaints, columns=PAYMENTS),
        ),
    }


def _read_invoice(clock: Clock, imported: Import, line: Line) -> IssueInvoice | list[Complaint]:
    facts = read_facts(
        imported, line, said_by=lambda raw: InvoiceBody.model_validate_json(raw).facts(), columns=INVOICES
    )
    if isinstance(facts, list):
        return facts
    return IssueInvoice(origin=_origin(imported, clock), facts=facts)


def _read_payment(clock: Clock, imported: Import, line: Line) -> RecordPayment | list[Complaint]:
    facts = read_facts(
        imported, line, said_by=lambda raw: PaymentBody.model_validate_json(raw).facts(), columns=PAYMENTS
    )
    if isinstance(facts, list):
        return facts
    return RecordPayment(origin=_origin(imported, clock), facts=facts)


def _origin(imported: Import, clock: Clock) -> Origin:
    return Origin(
        cause_id=imported.import_id,
        actor=imported.actor,
        correlation_id=imported.correlation_id,
        traceparent=imported.traceparent,
        recorded_at=clock.now(),
    )
