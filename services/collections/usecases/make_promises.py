"""Records promises to pay, and withdraws them (K8)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.collections.domain import promises
from services.collections.domain.book import Book, Moment, Refusal
from services.collections.domain.records import Promise
from services.collections.usecases.request import Request, change_books
from shared.messaging.outbox import Outbox
from shared.web.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class MakePromise:
    """Pay this sum by that date, towards these invoices or anything of the entity."""

    request: Request
    entity: str
    currency: str
    amount_minor: int
    promised_date: date
    invoice_numbers: Sequence[str] = ()
    named: Collection[UUID] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawPromise:
    """The promise counts no more."""

    request: Request
    promise_id: UUID
    reason: str
    named: Collection[UUID] = ()


async def make_promises(
    connection: AsyncConnection, commands: Sequence[MakePromise], *, outbox: Outbox
) -> list[Promise | Problem]:
    """Record the promises; the second for one debt waits for a manager."""
    return await change_books(connection, commands, outbox=outbox, change=_make)


async def withdraw_promises(
    connection: AsyncConnection, commands: Sequence[WithdrawPromise], *, outbox: Outbox
) -> list[Promise | Problem]:
    """End the promises by a person's decision."""
    return await change_books(connection, commands, outbox=outbox, change=_withdraw)


def _make(book: Book, at: Moment, command: MakePromise) -> Promise:
    invoices = [book.invoice(command.entity, number) for number in command.invoice_numbers]
    if not all(invoices):
        raise Refusal("nothing is open of one of the invoices")
    terms = promises.Terms(
        entity=command.entity,
        currency=command.currency,
        amount_minor=command.amount_minor,
        promised_date=command.promised_date,
        instalment_ids=[each.instalment_id for invoice in invoices for each in invoice],
    )
    return promises.make(book, terms, at)


def _withdraw(book: Book, at: Moment, command: WithdrawPromise) -> Promise:
    return promises.withdraw(book, book.promises[command.promise_id], at, reason=command.reason)
