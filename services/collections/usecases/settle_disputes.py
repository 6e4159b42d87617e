"""Opens disputes about an amount of an invoice, and resolves them (K10)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.collections.domain import disputes
from services.collections.domain.book import Book, Moment, Refusal
from services.collections.domain.records import Dispute
from services.collections.usecases.request import Request, change_books
from shared.messaging.outbox import Outbox
from shared.money import AmountError, parse_amount
from shared.web.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDispute:
    """The customer contests this amount, in the invoice's currency, of the invoice's only or given instalment."""

    request: Request
    entity: str
    invoice_number: str
    ordinal: int | None
    amount: str
    reason: str
    named: Collection[UUID] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveDispute:
    """The dispute ends so; `credited` is the amount that the ledger credits, None where the outcome says it."""

    request: Request
    dispute_id: UUID
    outcome: str
    credited: str | None

    @property
    def named(self) -> Collection[UUID]:
        """Return the dispute, which may be over."""
        return (self.dispute_id,)


async def open_disputes(
    connection: AsyncConnection, commands: Sequence[OpenDispute], *, outbox: Outbox
) -> list[Dispute | Problem]:
    """Let the contested amounts rest."""
    return await change_books(connection, commands, outbox=outbox, change=_open)


async def resolve_disputes(
    connection: AsyncConnection, commands: Sequence[ResolveDispute], *, outbox: Outbox
) -> list[Dispute | Problem]:
    """Decide the disputes."""
    return await change_books(connection, commands, outbox=outbox, change=_resolve)


def _open(book: Book, at: Moment, command: OpenDispute) -> Dispute:
    instalments = book.invoice(command.entity, command.invoice_number)
    if command.ordinal is not None:
        instalments = [each for each in instalments if each.ordinal == command.ordinal]
    if len(instalments) != 1:
        raise Refusal("name the instalment by its ordinal" if instalments else "no such instalment is open")
    (receivable,) = instalments
    return disputes.open_dispute(
        book,
        at,
        instalment_id=receivable.instalment_id,
        amount_minor=_minor(command.amount, receivable.currency),
        reason=command.reason,
    )


def _resolve(book: Book, at: Moment, command: ResolveDispute) -> Dispute:
    dispute = book.disputes[command.dispute_id]
    credited_minor = dispute.amount_minor if command.outcome == disputes.CREDITED else 0
    if command.credited is not None:
        credited_minor = _minor(command.credited, dispute.currency)
    return disputes.resolve(book, dispute, at, outcome=command.outcome, credited_minor=credited_minor)


def _minor(amount: str, currency: str) -> int:
    try:
        return parse_amount(amount, currency)
    except AmountError as error:
        raise Refusal(str(error)) from error
