"""Folds the ledger's facts into a customer's book."""

from collections.abc import Iterable
from uuid import UUID

from services.collections.domain import hearing
from services.collections.domain.book import Book, Moment
from services.collections.domain.hearing import Change, Issued
from shared.contracts import ledger
from shared.messaging.envelope import Envelope


def hear_issued(book: Book, at: Moment, event: ledger.InvoiceIssued, _envelope: Envelope) -> None:
    """Know an invoice's instalments."""
    hearing.issue(
        book,
        [
            Issued(
                instalment_id=each.instalment_id,
                invoice_id=event.invoice_id,
                invoice_number=event.number,
                ordinal=each.ordinal,
                due_date=each.due_date,
                entity=event.entity,
                currency=event.currency,
                amount_minor=each.amount_minor,
                penalty_pct_per_day=event.penalty_pct_per_day,
            )
            for each in event.instalments
        ],
        at,
    )


def hear_cancelled(book: Book, at: Moment, event: ledger.InvoiceCancelled, _envelope: Envelope) -> None:
    """Know that nothing of an invoice is open any more."""
    hearing.credit(book, list(_changes(event.changes, event.entity, event.currency)), at)


def hear_credit_note(book: Book, at: Moment, event: ledger.CreditNoteIssued, _envelope: Envelope) -> None:
    """Lower what a credit note lowers."""
    hearing.credit(book, list(_changes(event.changes, event.entity, event.currency)), at)


def hear_received(book: Book, at: Moment, event: ledger.PaymentReceived, _envelope: Envelope) -> None:
    """Take money as an answer, whatever it settles."""
    book.answer(event.entity, at.today)


def hear_allocated(book: Book, at: Moment, event: ledger.PaymentAllocated, _envelope: Envelope) -> None:
    """Lower what a payment or a credit settles."""
    changes = list(_changes(event.changes, event.entity, event.currency))
    if event.credit_kind == "credit_note":
        hearing.credit(book, changes, at)
    else:
        hearing.pay(book, event.credit_id, changes, at)


def hear_reversed(book: Book, at: Moment, event: ledger.PaymentReversed, _envelope: Envelope) -> None:
    """Reopen what a bounced payment had settled."""
    hearing.bounce(book, event.payment_id, list(_changes(event.changes, event.entity, event.currency)), at)


def hear_overdue(book: Book, at: Moment, event: ledger.InvoiceOverdue, envelope: Envelope) -> None:
    """Know that an instalment is overdue, and what of it is open."""
    change = Change(
        instalment_id=event.instalment_id,
        invoice_id=event.invoice_id,
        invoice_number=event.number,
        ordinal=event.ordinal,
        due_date=event.due_date,
        entity=event.entity,
        currency=event.currency,
        open_before_minor=event.open_minor,
        open_after_minor=event.open_minor,
        effective_date=envelope.effective_date,
        episode=event.episode,
    )
    hearing.move(book, change, at)


def instalments_of(event: object) -> set[UUID]:
    """Return the instalments that an event speaks of."""
    spoken = [*getattr(event, "changes", ()), *getattr(event, "lines", ()), *getattr(event, "instalments", ()), event]
    return {each.instalment_id for each in spoken if hasattr(each, "instalment_id")}


def _changes(changes: Iterable[ledger.InstalmentChange], entity: str, currency: str) -> Iterable[Change]:
    for each in changes:
        yield Change(
            instalment_id=each.instalment_id,
            invoice_id=each.invoice_id,
            invoice_number=each.invoice_number,
            ordinal=each.ordinal,
            due_date=each.due_date,
            entity=entity,
            currency=currency,
            open_before_minor=each.open_before_minor,
            open_after_minor=each.open_after_minor,
            effective_date=each.effective_date,
            episode=each.episode,
        )
