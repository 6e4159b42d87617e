"""What the ledger's append-only movements follow from: each change that an event tells is one of them, and no other."""

from collections.abc import Iterator

from checker.as_told import SaidRows, Says
from shared.contracts import ledger
from shared.contracts.event import Event

_MOVED = "open_after_minor-open_before_minor"
_WHEN = "recorded_day=@business_date"


def _movements(event: type[Event], kind: str, document: str, *, credit_kind: str = "") -> Says:
    return Says(
        event=event,
        each="changes",
        key=f":{kind} {document} instalment_id {_MOVED} rule effective_date @recorded_us",
        only={"credit_kind": credit_kind} if credit_kind else {},
        columns=_WHEN,
    )


def _credits(event: type[Event], kind: str, credit: str) -> Iterator[Says]:
    yield Says(
        event=event,
        each="changes",
        key=f":{kind} {credit} :allocated {_MOVED} effective_date @recorded_us",
        only={"credit_kind": kind} if event is ledger.PaymentAllocated else {},
        columns=_WHEN,
    )


BOOKS = (
    SaidRows(
        service="ledger",
        table="movement",
        query="SELECT *, CAST(extract(epoch FROM recorded_at) * 1000000 AS bigint) AS recorded_us FROM movement",
        key="document_kind document_id instalment_id delta_minor rule effective_date recorded_us",
        says=[
            Says(
                event=ledger.InvoiceIssued,
                each="instalments",
                key=":invoice invoice_id instalment_id amount_minor :issue issue_date @recorded_us",
                columns=_WHEN,
            ),
            _movements(ledger.InvoiceCancelled, "cancellation", "invoice_id"),
            _movements(ledger.CreditNoteIssued, "credit_note", "credit_note_id"),
            _movements(ledger.PaymentAllocated, "payment", "credit_id", credit_kind="payment"),
            _movements(ledger.PaymentAllocated, "credit_note", "credit_id", credit_kind="credit_note"),
            _movements(ledger.PaymentReversed, "reversal", "payment_id"),
        ],
    ),
    SaidRows(
        service="ledger",
        table="credit_movement",
        # What a reversal takes is the payment's amount: it is held to that by payment-conserved.
        query="""
            SELECT *, CAST(extract(epoch FROM recorded_at) * 1000000 AS bigint) AS recorded_us FROM credit_movement
            WHERE reason <> 'reversed'
        """,
        key="credit_kind credit_id reason delta_minor effective_date recorded_us",
        says=[
            Says(
                event=ledger.PaymentReceived,
                key=":payment payment_id :recorded amount_minor received_date @recorded_us",
                columns=_WHEN,
            ),
            Says(
                event=ledger.CreditNoteIssued,
                key=":credit_note credit_note_id :recorded total_minor @effective_date @recorded_us",
                columns=_WHEN,
            ),
            Says(
                event=ledger.PaymentRefunded,
                key=":payment payment_id :refunded unapplied_after_minor-unapplied_before_minor @effective_date"
                " @recorded_us",
                columns=_WHEN,
            ),
            *_credits(ledger.PaymentAllocated, "payment", "credit_id"),
            *_credits(ledger.PaymentAllocated, "credit_note", "credit_id"),
            *_credits(ledger.PaymentReversed, "payment", "payment_id"),
            *_credits(ledger.CreditNoteIssued, "credit_note", "credit_note_id"),
        ],
    ),
)
