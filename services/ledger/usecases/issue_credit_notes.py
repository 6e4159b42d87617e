"""Issues credit notes: one of an invoice lowers it, the excess and one of no invoice stay unapplied (facts 3.7)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.domain import journal
from services.ledger.domain.allocation import spread
from services.ledger.domain.credit import Credit, apply
from services.ledger.domain.debt import Basis, Debt, Invoice, Movement, settled_by
from services.ledger.domain.payment import CreditNoteFacts, creditable, write_credit
from services.ledger.domain.refusals import Refusal
from services.ledger.store import days
from services.ledger.store.allocations import Allocation, allocations_of
from services.ledger.store.credits import RecordedCredit, find_credit_notes, insert_credit_notes
from services.ledger.store.debts import load_debts
from services.ledger.store.entities import Entity, find_entities
from services.ledger.store.invoices import RecordedInvoice, find_invoices
from services.ledger.usecases import events
from services.ledger.usecases.book_rows import allocation_of
from services.ledger.usecases.document_rows import credit_note_row
from services.ledger.usecases.origin import Origin
from services.ledger.usecases.refusals import no_day, problem_of, recorded_otherwise, unknown_entity
from services.ledger.usecases.repeats import content_hash
from services.ledger.usecases.transcript import Transcript
from shared.contracts.ledger import CreditNoteIssued
from shared.ids import customer_id_of, document_id_of, partition_of
from shared.messaging.outbox import Outbox
from shared.messaging.outgoing import Cause
from shared.rows import Row
from shared.web.problems import Problem

Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueCreditNote:
    """Record this credit note; it lowers `first_instalment_id` before the others."""

    origin: Origin
    facts: CreditNoteFacts
    first_instalment_id: UUID | None = None

    @property
    def credit_note_id(self) -> UUID:
        """The id that this number always gives."""
        return document_id_of("credit-note", *self.key)

    @property
    def customer_id(self) -> UUID:
        """Whose credit note it is."""
        return customer_id_of(self.facts.customer_number)

    @property
    def key(self) -> Key:
        """What makes it the same credit note."""
        return self.facts.entity, self.facts.number

    @property
    def invoice_key(self) -> Key:
        """Which invoice it lowers; an empty number is no invoice's."""
        return self.facts.entity, self.facts.invoice_number or ""


@dataclass(frozen=True, slots=True)
class IssuedCreditNote:
    """The credit note as it is recorded, now or before, and what it settled."""

    note: Credit
    allocations: Sequence[Allocation]


@dataclass(slots=True)
class _Batch:
    transcript: Transcript
    partitions: int
    entities: dict[str, Entity]
    recorded: dict[Key, RecordedCredit]
    known: dict[UUID, list[Allocation]]
    invoices: dict[Key, RecordedInvoice]
    debts: dict[UUID, list[Debt]]
    rows: list[Row] = field(default_factory=list)


async def issue_credit_notes(
    connection: AsyncConnection, commands: Sequence[IssueCreditNote], *, outbox: Outbox
) -> list[IssuedCreditNote | Problem]:
    """Issue each credit note, or say why not; the same again is answered as it stands. Customers are locked."""
    day = await days.open_day(connection)
    if day is None:
        return [no_day() for _ in commands]
    batch = await _load(connection, commands, day=day, partitions=outbox.partitions)
    results = [_issue(batch, command) for command in commands]
    await insert_credit_notes(connection, batch.rows)
    await batch.transcript.save(connection, outbox)
    return results


async def _load(
    connection: AsyncConnection, commands: Sequence[IssueCreditNote], *, day: date, partitions: int
) -> _Batch:
    entities = await find_entities(connection, {command.facts.entity for command in commands})
    recorded = await find_credit_notes(connection, {command.key for command in commands})
    named = await find_invoices(connection, {command.invoice_key for command in commands})
    debts: dict[UUID, list[Debt]] = {}
    for debt in (await load_debts(connection, invoices=[each.invoice.invoice_id for each in named.values()])).values():
        debts.setdefault(debt.invoice.invoice_id, []).append(debt)
    return _Batch(
        transcript=Transcript(day=day, entities=entities),
        partitions=partitions,
        entities=entities,
        recorded=recorded,
        known=await allocations_of(connection, [each.credit.credit_id for each in recorded.values()]),
        invoices=named,
        debts=debts,
    )


def _issue(batch: _Batch, command: IssueCreditNote) -> IssuedCreditNote | Problem:
    facts, said = command.facts, content_hash(command.facts)
    try:
        if (recorded := batch.recorded.get(command.key)) is not None:
            if recorded.content_hash != said:
                raise recorded_otherwise()
            return IssuedCreditNote(recorded.credit, batch.known.get(recorded.credit.credit_id, []))
        if facts.entity not in batch.entities:
            raise unknown_entity()
        named = batch.invoices.get(command.invoice_key)
        invoice = creditable(facts, invoice=named.invoice if named else None, customer_id=command.customer_id)
        note = write_credit(
            facts,
            credit_note_id=command.credit_note_id,
            customer_id=command.customer_id,
            partition_no=partition_of(command.customer_id, batch.partitions),
            open_day=batch.transcript.day,
        )
    except Refusal as refusal:
        return problem_of(refusal, currency=facts.currency)
    cause = command.origin.on(batch.transcript.day).of(note.credit_id)
    movements = _lower(batch, command, note, invoice, cause)
    batch.recorded[command.key] = RecordedCredit(note, said)
    batch.known[note.credit_id] = [allocation_of(each, cause) for each in movements]
    batch.rows.append(credit_note_row(facts, note, invoice.invoice_id if invoice else None, said, cause))
    return IssuedCreditNote(note, batch.known[note.credit_id])


def _lower(
    batch: _Batch, command: IssueCreditNote, note: Credit, invoice: Invoice | None, cause: Cause
) -> list[Movement]:
    transcript, facts = batch.transcript, command.facts
    debts = _in_order(batch.debts[invoice.invoice_id], command.first_instalment_id) if invoice else []
    transcript.say_overdue(debts, cause)
    document = note.document()
    basis = Basis(document=document, rule="credit_note", reason=facts.reason, effective_date=facts.issue_date)
    movements = spread(note.amount_minor, debts=debts, basis=basis)
    apply(note, minor=settled_by(movements))
    transcript.credit(note, note.amount_minor, "recorded", cause, effective_date=facts.issue_date)
    transcript.apply_credit(note, movements, cause)
    entry = journal.of_returned_sale(
        document,
        effective_date=facts.issue_date,
        total_minor=facts.total_minor,
        tax_minor=facts.tax_minor,
        settled_minor=settled_by(movements),
    )
    transcript.post(entry, note, cause)
    _announce(transcript, facts, note, invoice=invoice, movements=movements, cause=cause)
    return movements


def _announce(
    transcript: Transcript,
    facts: CreditNoteFacts,
    note: Credit,
    *,
    invoice: Invoice | None,
    movements: Sequence[Movement],
    cause: Cause,
) -> None:
    event = CreditNoteIssued(
        credit_note_id=note.credit_id,
        entity=note.entity,
        number=note.number,
        invoice_id=invoice.invoice_id if invoice else None,
        currency=note.currency,
        total_minor=note.amount_minor,
        unapplied_after_minor=note.unapplied_minor,
        reason=facts.reason,
        changes=events.changes_of(movements),
    )
    transcript.publish(event, note.credit_id, note, cause, effective_date=facts.issue_date)
    transcript.turn_invoices(movements, cause)
    details = {"number": note.number, "total_minor": note.amount_minor, "currency": note.currency}
    transcript.audit(
        "credit_note_issued",
        note.credit_id,
        note,
        cause,
        effective_date=facts.issue_date,
        reason=facts.reason,
        **details,
    )


def _in_order(debts: Sequence[Debt], first: UUID | None) -> list[Debt]:
    return sorted(debts, key=lambda debt: (debt.instalment_id != first, debt.due_date, debt.ordinal))
