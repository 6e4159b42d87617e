"""Records payments: each settles debts by designation or statute, and what is left stays unapplied (L4, L5)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.domain import journal
from services.ledger.domain.allocation import allocate
from services.ledger.domain.credit import Credit, apply
from services.ledger.domain.debt import Debt, Movement, settled_by
from services.ledger.domain.payment import PaymentFacts, receive
from services.ledger.domain.refusals import Refusal
from services.ledger.store import days
from services.ledger.store.allocations import Allocation, allocations_of
from services.ledger.store.credits import RecordedCredit, find_payments, insert_payments
from services.ledger.store.debts import load_debts
from services.ledger.store.entities import Entity, find_entities
from services.ledger.usecases import events
from services.ledger.usecases.book_rows import allocation_of
from services.ledger.usecases.document_rows import payment_row
from services.ledger.usecases.origin import Origin
from services.ledger.usecases.refusals import no_day, problem_of, recorded_otherwise, unknown_entity
from services.ledger.usecases.repeats import content_hash
from services.ledger.usecases.transcript import Transcript
from shared.contracts.ledger import PaymentReceived
from shared.ids import customer_id_of, document_id_of, partition_of
from shared.messaging.outbox import Outbox
from shared.messaging.outgoing import Cause
from shared.rows import Row
from shared.web.problems import Problem

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPayment:
    """Record this payment."""

    origin: Origin
    facts: PaymentFacts

    @property
    def payment_id(self) -> UUID:
        """The id that this reference always gives."""
        return document_id_of("payment", *self.key)

    @property
    def customer_id(self) -> UUID:
        """Whose payment it is."""
        return customer_id_of(self.facts.customer_number)

    @property
    def key(self) -> Key:
        """What makes it the same payment."""
        return self.facts.entity, self.facts.source, self.facts.reference


@dataclass(frozen=True, slots=True)
class RecordedPayment:
    """The payment as it is recorded, now or before, and what it settled."""

    payment: Credit
    allocations: Sequence[Allocation]
    is_new: bool


@dataclass(slots=True)
class _Batch:
    transcript: Transcript
    partitions: int
    entities: dict[str, Entity]
    recorded: dict[Key, RecordedCredit]
    debts: dict[tuple[str, UUID, str], list[Debt]]
    known: dict[UUID, list[Allocation]]
    rows: list[Row] = field(default_factory=list)


async def record_payments(
    connection: AsyncConnection, commands: Sequence[RecordPayment], *, outbox: Outbox
) -> list[RecordedPayment | Problem]:
    """Record each payment, or say why not; the same payment again is answered as it stands. Customers are locked."""
    day = await days.open_day(connection)
    if day is None:
        return [no_day() for _ in commands]
    batch = await _load(connection, commands, day=day, partitions=outbox.partitions)
    results = [_record(batch, command) for command in commands]
    await insert_payments(connection, batch.rows)
    await batch.transcript.save(connection, outbox)
    return results


async def _load(
    connection: AsyncConnection, commands: Sequence[RecordPayment], *, day: date, partitions: int
) -> _Batch:
    entities = await find_entities(connection, {command.facts.entity for command in commands})
    recorded = await find_payments(connection, {command.key for command in commands})
    customers = {command.customer_id for command in commands}
    debts: dict[tuple[str, UUID, str], list[Debt]] = {}
    for debt in (await load_debts(connection, customers=customers)).values():
        debts.setdefault((debt.invoice.entity, debt.invoice.customer_id, debt.invoice.currency), []).append(debt)
    return _Batch(
        transcript=Transcript(day=day, entities=entities),
        partitions=partitions,
        entities=entities,
        recorded=recorded,
        debts=debts,
        known=await allocations_of(connection, [each.credit.credit_id for each in recorded.values()]),
    )


def _record(batch: _Batch, command: RecordPayment) -> RecordedPayment | Problem:
    facts, said = command.facts, content_hash(command.facts)
    try:
        if (recorded := batch.recorded.get(command.key)) is not None:
            if recorded.content_hash != said:
                raise recorded_otherwise()
            return RecordedPayment(recorded.credit, batch.known.get(recorded.credit.credit_id, []), is_new=False)
        if facts.entity not in batch.entities:
            raise unknown_entity()
        customer_id = command.customer_id
        payment = receive(
            facts,
            payment_id=command.payment_id,
            customer_id=customer_id,
            partition_no=partition_of(customer_id, batch.partitions),
            open_day=batch.transcript.day,
        )
    except Refusal as refusal:
        return problem_of(refusal, currency=facts.currency)
    batch.recorded[command.key] = RecordedCredit(payment, said)
    cause = command.origin.on(batch.transcript.day).of(payment.credit_id)
    movements = _settle(batch, payment, facts, cause)
    batch.rows.append(payment_row(facts, payment, said, cause))
    batch.known[payment.credit_id] = [allocation_of(each, cause) for each in movements]
    return RecordedPayment(payment, batch.known[payment.credit_id], is_new=True)


def _settle(batch: _Batch, payment: Credit, facts: PaymentFacts, cause: Cause) -> list[Movement]:
    transcript = batch.transcript
    debts = batch.debts.get((payment.entity, payment.customer_id, payment.currency), [])
    # What is past due is said before money can settle it, so that no overdue depends on how fast the day is marked.
    transcript.say_overdue(debts, cause)
    movements = allocate(
        payment.amount_minor,
        debts=debts,
        designations=facts.remittance,
        document=payment.document(),
        effective_date=facts.received_date,
    )
    apply(payment, minor=settled_by(movements))
    _book(transcript, payment, movements, cause)
    _announce(transcript, payment, facts, movements, cause)
    return movements


def _book(transcript: Transcript, payment: Credit, movements: Sequence[Movement], cause: Cause) -> None:
    received = payment.effective_date
    transcript.credit(payment, payment.amount_minor, "recorded", cause, effective_date=received)
    transcript.apply_credit(payment, movements, cause)
    entry = journal.of_payment(
        payment.document(),
        effective_date=received,
        amount_minor=payment.amount_minor,
        settled_minor=settled_by(movements),
    )
    transcript.post(entry, payment, cause)
    transcript.audit(
        "payment_recorded",
        payment.credit_id,
        payment,
        cause,
        effective_date=received,
        reference=payment.number,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        unapplied_minor=payment.unapplied_minor,
    )


def _announce(
    transcript: Transcript, payment: Credit, facts: PaymentFacts, movements: Sequence[Movement], cause: Cause
) -> None:
    received = PaymentReceived(
        payment_id=payment.credit_id,
        entity=payment.entity,
        source=facts.source,
        reference=facts.reference,
        currency=payment.currency,
        amount_minor=payment.amount_minor,
        received_date=facts.received_date,
    )
    transcript.publish(received, payment.credit_id, payment, cause, effective_date=facts.received_date)
    if movements:
        allocated = events.allocated(payment, movements, unapplied_before_minor=payment.amount_minor)
        transcript.publish(allocated, payment.credit_id, payment, cause, effective_date=facts.received_date)
    transcript.turn_invoices(movements, cause)
