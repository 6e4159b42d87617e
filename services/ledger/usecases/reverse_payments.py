"""Reverses payments that bounced: what they had settled is open again, with its original age (L4)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.domain import journal
from services.ledger.domain.business_day import check_effective
from services.ledger.domain.credit import Credit, Share, apply, check_reversible, reverse
from services.ledger.domain.debt import Basis, Debt, Movement, settled_by
from services.ledger.domain.reallocation import give_back
from services.ledger.domain.refusals import Refusal
from services.ledger.store import days
from services.ledger.store.books import shares_of
from services.ledger.store.credits import insert_reversals, load_payments
from services.ledger.store.debts import load_debts
from services.ledger.store.entities import find_entities
from services.ledger.usecases import events
from services.ledger.usecases.origin import Origin
from services.ledger.usecases.refusals import no_day, problem_of
from services.ledger.usecases.transcript import Transcript
from shared.contracts.ledger import PaymentReversed
from shared.ids import derived_id
from shared.messaging.outbox import Outbox
from shared.messaging.outgoing import Cause
from shared.rows import Row
from shared.web.problem_types import NOT_FOUND
from shared.web.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class ReversePayment:
    """This payment went back on that date."""

    origin: Origin
    payment_id: UUID
    reason: str
    reversed_date: date


@dataclass(slots=True)
class _Batch:
    transcript: Transcript
    payments: dict[UUID, Credit]
    shares: dict[UUID, list[Share]]
    debts: dict[UUID, Debt]
    rows: list[Row] = field(default_factory=list)


async def reverse_payments(
    connection: AsyncConnection, commands: Sequence[ReversePayment], *, outbox: Outbox
) -> list[Credit | Problem]:
    """Reverse each payment, or say why not. Customers are locked."""
    day = await days.open_day(connection)
    if day is None:
        return [no_day() for _ in commands]
    ids = {command.payment_id for command in commands}
    payments = await load_payments(connection, ids)
    shares = await shares_of(connection, ids)
    debts = await load_debts(connection, instalments={each.instalment_id for all_ in shares.values() for each in all_})
    entities = await find_entities(connection, {each.entity for each in payments.values()})
    batch = _Batch(Transcript(day=day, entities=entities), payments, shares, debts)
    results = [_reverse(batch, command) for command in commands]
    await insert_reversals(connection, batch.rows)
    await batch.transcript.save(connection, outbox)
    return results


def _reverse(batch: _Batch, command: ReversePayment) -> Credit | Problem:
    payment = batch.payments.get(command.payment_id)
    if payment is None:
        return Problem(NOT_FOUND)
    try:
        check_effective(command.reversed_date, open_day=batch.transcript.day, pointer="/reversed_date")
        check_reversible(payment, reversed_date=command.reversed_date)
    except Refusal as refusal:
        return problem_of(refusal, currency=payment.currency)
    _record(batch, command, payment)
    return payment


def _record(batch: _Batch, command: ReversePayment, payment: Credit) -> None:
    transcript = batch.transcript
    cause = command.origin.on(transcript.day).of(derived_id(payment.credit_id, "reversal"))
    shares = batch.shares.get(payment.credit_id, [])
    transcript.say_overdue([batch.debts[share.instalment_id] for share in shares], cause)
    document = payment.document("reversal")
    basis = Basis(document=document, rule="reversal", reason=command.reason, effective_date=command.reversed_date)
    movements = give_back(shares, debts=batch.debts, basis=basis)
    unapplied_before = payment.unapplied_minor
    apply(payment, minor=settled_by(movements))
    reverse(payment)
    transcript.keep(credit=payment)
    transcript.apply_credit(payment, movements, cause)
    transcript.credit(payment, -payment.amount_minor, "reversed", cause, effective_date=command.reversed_date)
    entry = journal.of_reversal(
        document,
        effective_date=command.reversed_date,
        amount_minor=payment.amount_minor,
        reopened_minor=-settled_by(movements),
    )
    transcript.post(entry, payment, cause)
    _announce(transcript, command, payment, movements, cause, unapplied_before_minor=unapplied_before)
    batch.rows.append(
        {
            "payment_id": payment.credit_id,
            "reason": command.reason,
            "reversed_date": command.reversed_date,
            "recorded_day": cause.business_date,
            "recorded_at": cause.recorded_at,
        }
    )


def _announce(
    transcript: Transcript,
    command: ReversePayment,
    payment: Credit,
    movements: Sequence[Movement],
    cause: Cause,
    *,
    unapplied_before_minor: int,
) -> None:
    event = PaymentReversed(
        payment_id=payment.credit_id,
        entity=payment.entity,
        currency=payment.currency,
        reason=command.reason,
        reversed_date=command.reversed_date,
        unapplied_before_minor=unapplied_before_minor,
        unapplied_after_minor=payment.unapplied_minor,
        changes=events.changes_of(movements),
    )
    effective_date = command.reversed_date
    transcript.publish(event, payment.credit_id, payment, cause, effective_date=effective_date)
    transcript.turn_invoices(movements, cause, reason="reversal")
    details = {"reason": command.reason, "amount_minor": payment.amount_minor, "currency": payment.currency}
    transcript.audit("payment_reversed", payment.credit_id, payment, cause, effective_date=effective_date, **details)
