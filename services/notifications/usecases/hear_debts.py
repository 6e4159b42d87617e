"""Follows the ledger's events: which debts there are, and how much of each is open in which episode."""

from decimal import Decimal
from uuid import UUID

from services.notifications.usecases.news import News
from shared.contracts import ledger
from shared.ids import partition_of
from shared.messaging.envelope import Envelope
from shared.messaging.subscription import Refused

Moves = ledger.InvoiceCancelled | ledger.CreditNoteIssued | ledger.PaymentAllocated | ledger.PaymentReversed


def hear_entity(news: News, event: ledger.EntityRecorded, envelope: Envelope) -> None:
    """Note who the creditor is and where to pay."""
    news.creditors[event.entity] = {
        "entity": event.entity,
        "name": event.name,
        "country": event.country,
        "zone": event.zone,
        "payee": {
            **event.payee.model_dump(),
            **event.model_dump(
                mode="json", include={"currency", "accounts", "address", "tax_number", "sender_email", "sms_signature"}
            ),
        },
        "recorded_at": envelope.recorded_at,
    }


def hear_invoice(news: News, event: ledger.InvoiceIssued, envelope: Envelope) -> None:
    """Note the instalments of a new invoice."""
    customer_id = customer_of(envelope)
    for part in event.instalments:
        news.debts[part.instalment_id] = {
            "instalment_id": part.instalment_id,
            "customer_id": customer_id,
            "partition_no": partition_of(customer_id, news.partitions),
            "entity": event.entity,
            "invoice_id": event.invoice_id,
            "invoice_number": event.number,
            "ordinal": part.ordinal,
            "due_date": part.due_date,
            "currency": event.currency,
            "open_minor": part.amount_minor,
            "episode": 1,
            "penalty_pct_per_day": event.penalty_pct_per_day,
        }


def hear_changes(news: News, event: Moves, envelope: Envelope) -> None:
    """Note what is open now; a debt whose invoice was discarded while parked is made known by its first change."""
    customer_id = customer_of(envelope)
    for change in event.changes:
        moved = {"open_minor": change.open_after_minor, "episode": change.episode}
        noted = change.open_before_minor - change.open_after_minor if _is_credit(event) else 0
        before = news.moves.get(change.instalment_id, {}).get("credit_noted_minor", 0)
        move = {"instalment_id": change.instalment_id, "credit_noted_minor": before + noted, **moved}
        news.moves[change.instalment_id] = move
        news.debts.setdefault(
            change.instalment_id,
            {
                "instalment_id": change.instalment_id,
                "customer_id": customer_id,
                "partition_no": partition_of(customer_id, news.partitions),
                "entity": event.entity,
                "invoice_id": change.invoice_id,
                "invoice_number": change.invoice_number,
                "ordinal": change.ordinal,
                "due_date": change.due_date,
                "currency": event.currency,
                "penalty_pct_per_day": Decimal(0),
                **moved,
            },
        )


def _is_credit(event: Moves) -> bool:
    if isinstance(event, ledger.PaymentAllocated):
        return event.credit_kind == "credit_note"
    return isinstance(event, ledger.CreditNoteIssued)


def customer_of(envelope: Envelope) -> UUID:
    """Return the customer whom the event concerns; an event about nobody is refused."""
    if envelope.customer_id is None:
        msg = f"{envelope.wire} names no customer"
        raise Refused(msg)
    return envelope.customer_id
