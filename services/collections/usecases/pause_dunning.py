"""Starts and ends pauses of dunning, also for days that have passed (K22)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.collections.domain import pausing
from services.collections.domain.book import Book, Moment, Refusal
from services.collections.domain.pauses import Pause
from services.collections.usecases.request import Request, change_books
from shared.messaging.outbox import Outbox
from shared.web.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class StartPause:
    """Let dunning rest for an invoice, the customer (at one entity or all), or his case."""

    request: Request
    scope: str
    entity: str | None
    invoice_number: str | None
    start_date: date
    end_date: date | None
    reason: str
    named: Collection[UUID] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EndPause:
    """Let the pause end on that day."""

    request: Request
    pause_id: UUID
    end_date: date
    reason: str
    named: Collection[UUID] = ()


async def start_pauses(
    connection: AsyncConnection, commands: Sequence[StartPause], *, outbox: Outbox
) -> list[Pause | Problem]:
    """Start the pauses."""
    return await change_books(connection, commands, outbox=outbox, change=_start)


async def end_pauses(
    connection: AsyncConnection, commands: Sequence[EndPause], *, outbox: Outbox
) -> list[Pause | Problem]:
    """End the pauses."""
    return await change_books(connection, commands, outbox=outbox, change=_end)


def _start(book: Book, at: Moment, command: StartPause) -> Pause:
    invoice_id = None
    if command.invoice_number is not None and command.entity is not None:
        found = book.invoice(command.entity, command.invoice_number)
        if not found:
            raise Refusal("nothing of this invoice is open")
        invoice_id = found[0].invoice_id
    return pausing.start(
        book,
        at,
        scope=command.scope,
        entity=command.entity,
        invoice_id=invoice_id,
        start_date=command.start_date,
        end_date=command.end_date,
        reason=command.reason,
    )


def _end(book: Book, at: Moment, command: EndPause) -> Pause:
    return pausing.end(book, book.pauses[command.pause_id], at, end_date=command.end_date, reason=command.reason)
