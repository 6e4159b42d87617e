"""Cancels invoices on which nothing was paid or credited, each by a document of its own (L2)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.domain import journal
from services.ledger.domain.debt import Basis, Debt, Document, Invoice, Movement, cancel
from services.ledger.domain.refusals import Conflict, Refusal
from services.ledger.store import days, invoices
from services.ledger.store.debts import load_debts
from services.ledger.store.entities import find_entities
from services.ledger.usecases import events
from services.ledger.usecases.origin import Origin
from services.ledger.usecases.refusals import no_day, problem_of
from services.ledger.usecases.transcript import Transcript
from shared.contracts.ledger import InvoiceCancelled
from shared.ids import derived_id
from shared.messaging.outbox import Outbox
from shared.messaging.outgoing import Cause
from shared.rows import Row
from shared.web.problem_types import NOT_FOUND
from shared.web.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelInvoice:
    """Cancel this invoice by a document of this number."""

    origin: Origin
    invoice_id: UUID
    number: str
    reason: str


@dataclass(frozen=True, slots=True)
class CancelledInvoice:
    """The invoice with its instalments, cancelled now or before."""

    invoice: Invoice
    debts: Sequence[Debt]


@dataclass(slots=True)
class _Batch:
    transcript: Transcript
    debts: dict[UUID, list[Debt]]
    cancelled: dict[UUID, tuple[str, str]]
    rows: list[Row] = field(default_factory=list)


async def cancel_invoices(
    connection: AsyncConnection, commands: Sequence[CancelInvoice], *, outbox: Outbox
) -> list[CancelledInvoice | Problem]:
    """Cancel each invoice, or say why not; the same again is answered as it stands. Customers are locked."""
    day = await days.open_day(connection)
    if day is None:
        return [no_day() for _ in commands]
    ids = {command.invoice_id for command in commands}
    debts: dict[UUID, list[Debt]] = {}
    for debt in (await load_debts(connection, invoices=ids)).values():
        debts.setdefault(debt.invoice.invoice_id, []).append(debt)
    entities = await find_entities(connection, {each[0].invoice.entity for each in debts.values()})
    cancelled = await invoices.cancellations_of(connection, ids)
    batch = _Batch(Transcript(day=day, entities=entities), debts, cancelled)
    results = [_cancel(batch, command) for command in commands]
    await invoices.insert_cancellations(connection, batch.rows)
    await batch.transcript.save(connection, outbox)
    return results


def _cancel(batch: _Batch, command: CancelInvoice) -> CancelledInvoice | Problem:
    debts = batch.debts.get(command.invoice_id)
    if debts is None:
        return Problem(NOT_FOUND)
    invoice, document = debts[0].invoice, (command.number, command.reason)
    try:
        if batch.cancelled.setdefault(invoice.invoice_id, document) != document:
            raise Conflict("Cancelled already by another document.")
        if invoice.state != "cancelled":
            _record(batch, command, invoice, debts)
    except Refusal as refusal:
        return problem_of(refusal, currency=invoice.currency)
    return CancelledInvoice(invoice, debts)


def _record(batch: _Batch, command: CancelInvoice, invoice: Invoice, debts: Sequence[Debt]) -> None:
    transcript, was_pending = batch.transcript, invoice.state == "pending"
    day = transcript.day
    cause = command.origin.on(day).of(derived_id(invoice.invoice_id, "cancellation"))
    document = Document(kind="cancellation", document_id=invoice.invoice_id, number=command.number)
    basis = Basis(document=document, rule="cancellation", reason=command.reason, effective_date=day)
    transcript.say_overdue(debts, cause)
    movements = cancel(invoice, debts, basis=basis)
    transcript.move(movements, cause)
    transcript.keep(debts=debts)
    if not was_pending:
        # Nobody has heard of a pending invoice: it never counted, and nothing was posted.
        _announce(transcript, command, invoice, movements, cause)
    details = {"number": command.number, "reason": command.reason}
    transcript.audit("invoice_cancelled", invoice.invoice_id, invoice, cause, effective_date=day, **details)
    batch.rows.append(
        {
            "invoice_id": invoice.invoice_id,
            "entity": invoice.entity,
            "number": command.number,
            "reason": command.reason,
            "recorded_day": day,
            "recorded_at": cause.recorded_at,
        }
    )


def _announce(
    transcript: Transcript, command: CancelInvoice, invoice: Invoice, movements: Sequence[Movement], cause: Cause
) -> None:
    day = transcript.day
    entry = journal.of_returned_sale(
        movements[0].document,
        effective_date=day,
        total_minor=invoice.total_minor,
        tax_minor=invoice.tax_minor,
        settled_minor=invoice.total_minor,
    )
    transcript.post(entry, invoice, cause)
    event = InvoiceCancelled(
        invoice_id=invoice.invoice_id,
        entity=invoice.entity,
        number=invoice.number,
        currency=invoice.currency,
        reason=command.reason,
        changes=events.changes_of(movements),
    )
    transcript.publish(event, invoice.invoice_id, invoice, cause, effective_date=day)
