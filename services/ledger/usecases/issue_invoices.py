"""Issues invoices: each is recorded, owed, posted and announced, or waits until its issue date opens (L2)."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.domain.contract import Contract
from services.ledger.domain.debt import Debt, Invoice
from services.ledger.domain.invoice import AcceptedInvoice, accept, draw_up, warnings_of
from services.ledger.domain.refusals import Refusal
from services.ledger.domain.terms import CreditTerms
from services.ledger.store import days, invoices
from services.ledger.store.contracts import find_contracts
from services.ledger.store.credit_terms import OrderKey, find_credit_terms
from services.ledger.store.debts import load_debts
from services.ledger.store.entities import Entity, find_entities
from services.ledger.store.invoices import RecordedInvoice
from services.ledger.usecases.count_invoices import count_invoice
from services.ledger.usecases.document_rows import instalment_row, invoice_row
from services.ledger.usecases.invoice_commands import IssuedInvoice, IssueInvoice, Key
from services.ledger.usecases.refusals import no_day, problem_of, recorded_otherwise, unknown_entity
from services.ledger.usecases.repeats import content_hash
from services.ledger.usecases.transcript import Transcript
from shared.ids import partition_of
from shared.messaging.outbox import Outbox
from shared.messaging.outgoing import Cause
from shared.rows import Row
from shared.web.problems import Problem


@dataclass(slots=True)
class _Batch:
    transcript: Transcript
    partitions: int
    entities: dict[str, Entity]
    contracts: dict[Key, Contract]
    credit_terms: dict[OrderKey, CreditTerms]
    recorded: dict[Key, RecordedInvoice]
    issued: dict[Key, IssuedInvoice]
    invoice_rows: list[Row] = field(default_factory=list)
    instalment_rows: list[Row] = field(default_factory=list)


async def issue_invoices(
    connection: AsyncConnection, commands: Sequence[IssueInvoice], *, outbox: Outbox
) -> list[IssuedInvoice | Problem]:
    """Issue each invoice, or say why not; the same invoice again is answered as it stands. Customers are locked."""
    day = await days.open_day(connection)
    if day is None:
        return [no_day() for _ in commands]
    batch = await _load(connection, commands, day=day, partitions=outbox.partitions)
    results = [_issue(batch, command) for command in commands]
    await invoices.insert_invoices(connection, batch.invoice_rows, batch.instalment_rows)
    await batch.transcript.save(connection, outbox)
    return results


async def _load(connection: AsyncConnection, commands: Sequence[IssueInvoice], *, day: date, partitions: int) -> _Batch:
    facts = [command.facts for command in commands]
    entities = await find_entities(connection, {each.entity for each in facts})
    references = {(each.entity, each.contract_reference) for each in facts if each.contract_reference is not None}
    recorded = await invoices.find_invoices(connection, {command.key for command in commands})
    return _Batch(
        transcript=Transcript(day=day, entities=entities),
        partitions=partitions,
        entities=entities,
        contracts=await find_contracts(connection, references),
        credit_terms=await find_credit_terms(connection, {_order(command) for command in commands}),
        recorded=recorded,
        issued=await _as_recorded(connection, recorded),
    )


async def _as_recorded(connection: AsyncConnection, recorded: dict[Key, RecordedInvoice]) -> dict[Key, IssuedInvoice]:
    if not recorded:
        return {}
    ids = {each.invoice.invoice_id for each in recorded.values()}
    debts: dict[UUID, list[Debt]] = {}
    for debt in (await load_debts(connection, invoices=ids)).values():
        debts.setdefault(debt.invoice.invoice_id, []).append(debt)
    return {key: _stands(each.invoice, debts[each.invoice.invoice_id]) for key, each in recorded.items()}


def _stands(invoice: Invoice, debts: Sequence[Debt]) -> IssuedInvoice:
    return IssuedInvoice(invoice, debts, warnings_of(invoice, debts), is_new=False)


def _issue(batch: _Batch, command: IssueInvoice) -> IssuedInvoice | Problem:
    try:
        said = content_hash(command.facts)
        if (recorded := batch.recorded.get(command.key)) is not None:
            if recorded.content_hash != said:
                raise recorded_otherwise()
            return batch.issued[command.key]
        issued = _record(batch, command, said)
    except Refusal as refusal:
        return problem_of(refusal, currency=command.facts.currency)
    batch.recorded[command.key] = RecordedInvoice(issued.invoice, said)
    batch.issued[command.key] = replace(issued, is_new=False)
    return issued


def _record(batch: _Batch, command: IssueInvoice, said: bytes) -> IssuedInvoice:
    facts, transcript = command.facts, batch.transcript
    if facts.entity not in batch.entities:
        raise unknown_entity()
    customer_id = command.customer_id
    contract = batch.contracts.get((facts.entity, facts.contract_reference or ""))
    accepted = accept(
        facts,
        contract=contract,
        credit_terms=batch.credit_terms.get(_order(command)),
        customer_id=customer_id,
        open_day=transcript.day,
    )
    partition_no = partition_of(customer_id, batch.partitions)
    invoice, debts = draw_up(
        accepted, invoice_id=command.invoice_id, customer_id=customer_id, partition_no=partition_no
    )
    cause = command.origin.on(transcript.day)
    _audit(transcript, accepted, invoice, cause)
    if invoice.issue_date <= transcript.day:
        count_invoice(transcript, invoice, debts, cause)
    batch.invoice_rows.append(invoice_row(invoice, facts, said, cause))
    batch.instalment_rows += [instalment_row(debt) for debt in debts]
    return IssuedInvoice(invoice, debts, warnings_of(invoice, debts), is_new=True)


def _order(command: IssueInvoice) -> OrderKey:
    return command.customer_id, command.facts.order_number or ""


def _audit(transcript: Transcript, accepted: AcceptedInvoice, invoice: Invoice, cause: Cause) -> None:
    transcript.audit(
        "invoice_recorded",
        invoice.invoice_id,
        invoice,
        cause,
        effective_date=invoice.issue_date,
        number=invoice.number,
        total_minor=invoice.total_minor,
        currency=invoice.currency,
        terms_source=accepted.terms_source,
        **accepted.beyond_credit,
    )
