"""Refunds unapplied money to payers (L4)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.domain import journal
from services.ledger.domain.business_day import check_effective
from services.ledger.domain.credit import Credit, refund
from services.ledger.domain.debt import Document
from services.ledger.domain.refusals import Conflict, Refusal
from services.ledger.store import days
from services.ledger.store.credits import insert_refunds, load_payments, refund_references
from services.ledger.store.entities import find_entities
from services.ledger.usecases.origin import Origin
from services.ledger.usecases.refusals import no_day, problem_of
from services.ledger.usecases.transcript import Transcript
from shared.contracts.ledger import PaymentRefunded
from shared.ids import derived_id
from shared.messaging.outbox import Outbox
from shared.rows import Row
from shared.web.problem_types import NOT_FOUND
from shared.web.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundPayment:
    """Give so much of this payment back."""

    origin: Origin
    payment_id: UUID
    reference: str
    minor: int
    refunded_date: date

    @property
    def refund_id(self) -> UUID:
        """The id that this reference of this payment always gives."""
        return derived_id(self.payment_id, "refund", self.reference)


@dataclass(slots=True)
class _Batch:
    transcript: Transcript
    payments: dict[UUID, Credit]
    references: set[tuple[UUID, str]]
    rows: list[Row] = field(default_factory=list)


async def refund_payments(
    connection: AsyncConnection, commands: Sequence[RefundPayment], *, outbox: Outbox
) -> list[Credit | Problem]:
    """Refund what is asked of each payment, or say why not. Customers are locked."""
    day = await days.open_day(connection)
    if day is None:
        return [no_day() for _ in commands]
    ids = {command.payment_id for command in commands}
    payments = await load_payments(connection, ids)
    entities = await find_entities(connection, {each.entity for each in payments.values()})
    references = await refund_references(connection, ids)
    batch = _Batch(Transcript(day=day, entities=entities), payments, references)
    results = [_refund(batch, command) for command in commands]
    await insert_refunds(connection, batch.rows)
    await batch.transcript.save(connection, outbox)
    return results


def _refund(batch: _Batch, command: RefundPayment) -> Credit | Problem:
    payment = batch.payments.get(command.payment_id)
    if payment is None:
        return Problem(NOT_FOUND)
    key = (command.payment_id, command.reference)
    try:
        check_effective(command.refunded_date, open_day=batch.transcript.day, pointer="/refunded_date")
        if key in batch.references:
            raise Conflict("A refund of this payment has this reference already.")
        refund(payment, minor=command.minor, refunded_date=command.refunded_date)
    except Refusal as refusal:
        return problem_of(refusal, currency=payment.currency)
    batch.references.add(key)
    _record(batch, command, payment)
    return payment


def _record(batch: _Batch, command: RefundPayment, payment: Credit) -> None:
    transcript, cause = batch.transcript, command.origin.on(batch.transcript.day).of(command.refund_id)
    effective_date = command.refunded_date
    transcript.keep(credit=payment)
    transcript.credit(payment, -command.minor, "refunded", cause, effective_date=effective_date)
    document = Document(kind="refund", document_id=command.refund_id, number=command.reference)
    entry = journal.of_refund(document, effective_date=effective_date, amount_minor=command.minor)
    transcript.post(entry, payment, cause)
    event = PaymentRefunded(
        payment_id=payment.credit_id,
        refund_id=command.refund_id,
        entity=payment.entity,
        currency=payment.currency,
        amount_minor=command.minor,
        unapplied_before_minor=payment.unapplied_minor + command.minor,
        unapplied_after_minor=payment.unapplied_minor,
    )
    transcript.publish(event, payment.credit_id, payment, cause, effective_date=effective_date)
    details = {"reference": command.reference, "amount_minor": command.minor, "currency": payment.currency}
    transcript.audit("payment_refunded", payment.credit_id, payment, cause, effective_date=effective_date, **details)
    batch.rows.append(
        {
            "refund_id": command.refund_id,
            "payment_id": payment.credit_id,
            "reference": command.reference,
            "amount_minor": command.minor,
            "refunded_date": effective_date,
            "recorded_day": cause.business_date,
            "recorded_at": cause.recorded_at,
        }
    )
