"""Allocates payments and credit notes as people agreed, with the history of what they settled before (L5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.domain import journal
from services.ledger.domain.allocation import Agreed, agree
from services.ledger.domain.credit import Credit, Share, apply
from services.ledger.domain.debt import Basis, Debt, Movement, settled_by
from services.ledger.domain.reallocation import move_shares, shares_after
from services.ledger.domain.refusals import Conflict, Refusal
from services.ledger.store import days
from services.ledger.store.books import shares_of
from services.ledger.store.credits import load_credits
from services.ledger.store.debts import load_debts
from services.ledger.store.entities import find_entities
from services.ledger.usecases import events
from services.ledger.usecases.origin import Origin
from services.ledger.usecases.refusals import no_day, problem_of
from services.ledger.usecases.transcript import Transcript
from shared.messaging.outbox import Outbox
from shared.messaging.outgoing import Cause
from shared.web.problem_types import NOT_FOUND
from shared.web.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocateCredit:
    """Let this payment or credit note settle these debts; with `replace`, instead of those that it settles now."""

    origin: Origin
    credit_id: UUID
    lines: tuple[Agreed, ...]
    replace: bool


@dataclass(slots=True)
class _Batch:
    transcript: Transcript
    credits: dict[UUID, Credit]
    shares: dict[UUID, list[Share]]
    debts: dict[UUID, Debt]


async def allocate_credits(
    connection: AsyncConnection, commands: Sequence[AllocateCredit], *, outbox: Outbox
) -> list[Credit | Problem]:
    """Allocate each credit as agreed, or say why not. Customers are locked."""
    day = await days.open_day(connection)
    if day is None:
        return [no_day() for _ in commands]
    ids = {command.credit_id for command in commands}
    credits_ = await load_credits(connection, ids)
    shares = await shares_of(connection, ids)
    debts = await load_debts(
        connection,
        customers={each.customer_id for each in credits_.values()},
        instalments={each.instalment_id for all_ in shares.values() for each in all_},
    )
    entities = await find_entities(connection, {each.entity for each in credits_.values()})
    batch = _Batch(Transcript(day=day, entities=entities), credits_, shares, debts)
    results = [_allocate(batch, command) for command in commands]
    await batch.transcript.save(connection, outbox)
    return results


def _allocate(batch: _Batch, command: AllocateCredit) -> Credit | Problem:
    credit = batch.credits.get(command.credit_id)
    if credit is None:
        return Problem(NOT_FOUND)
    settled = batch.shares.get(credit.credit_id, [])
    shares = settled if command.replace else []
    try:
        wanted = _agreed(batch, command, credit, shares)
    except Refusal as refusal:
        return problem_of(refusal, currency=credit.currency)
    movements = _record(batch, command, credit, shares, wanted)
    batch.shares[credit.credit_id] = shares_after(settled, movements)
    return credit


def _agreed(batch: _Batch, command: AllocateCredit, credit: Credit, shares: Sequence[Share]) -> dict[UUID, int]:
    """Return how much each instalment shall get of the credit; raise before anything has moved."""
    theirs = (credit.entity, credit.customer_id, credit.currency)
    debts = [
        debt
        for debt in batch.debts.values()
        if (debt.invoice.entity, debt.invoice.customer_id, debt.invoice.currency) == theirs
    ]
    given_up: dict[UUID, int] = {}
    for share in shares:
        given_up[share.instalment_id] = given_up.get(share.instalment_id, 0) + share.minor
    wanted = agree(command.lines, debts=debts, given_up=given_up)
    available = credit.unapplied_minor + sum(given_up.values())
    if sum(wanted.values()) > available:
        raise Conflict("More than the credit has.", balances={"available": available})
    return wanted


def _record(
    batch: _Batch, command: AllocateCredit, credit: Credit, shares: Sequence[Share], wanted: dict[UUID, int]
) -> list[Movement]:
    transcript, cause = batch.transcript, command.origin.on(batch.transcript.day)
    touched = [batch.debts[each] for each in {*wanted, *(share.instalment_id for share in shares)}]
    transcript.say_overdue(sorted(touched, key=lambda debt: (debt.invoice.number, debt.ordinal)), cause)
    document = credit.document()
    basis = Basis(document=document, rule="agreement", reason="by agreement", effective_date=credit.effective_date)
    movements = move_shares(wanted, shares=shares, debts=batch.debts, basis=basis)
    unapplied_before = credit.unapplied_minor
    apply(credit, minor=settled_by(movements))
    transcript.keep(credit=credit)
    transcript.apply_credit(credit, movements, cause)
    entry = journal.of_allocation(document, effective_date=credit.effective_date, settled_minor=settled_by(movements))
    transcript.post(entry, credit, cause)
    event = events.allocated(credit, movements, unapplied_before_minor=unapplied_before)
    transcript.publish(event, credit.credit_id, credit, cause, effective_date=credit.effective_date)
    transcript.turn_invoices(movements, cause, reason="agreement")
    _audit(transcript, command, credit, cause)
    return movements


def _audit(transcript: Transcript, command: AllocateCredit, credit: Credit, cause: Cause) -> None:
    lines = [{"invoice_number": line.invoice_number, "minor": line.minor} for line in command.lines]
    transcript.audit(
        f"{credit.kind}_allocated",
        credit.credit_id,
        credit,
        cause,
        effective_date=credit.effective_date,
        lines=lines,
        replace=command.replace,
    )
