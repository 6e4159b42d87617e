"""Confirms a debtor's class, and takes back what a broken promise had lifted (K2, K11)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.collections.domain import decisions
from services.collections.domain.book import Book, Moment, Refusal
from services.collections.domain.records import Case
from services.collections.usecases.request import Request, change_books
from shared.messaging.outbox import Outbox
from shared.web.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifyDebtor:
    """The debtor is of this class, or of none."""

    request: Request
    case_id: UUID
    debtor_class: str | None
    reason: str

    @property
    def named(self) -> Collection[UUID]:
        """Return the case, which may be closed."""
        return (self.case_id,)


@dataclass(frozen=True, slots=True, kw_only=True)
class LowerFloor:
    """No broken promise holds the case up any more."""

    request: Request
    case_id: UUID
    reason: str

    @property
    def named(self) -> Collection[UUID]:
        """Return the case, which may be closed."""
        return (self.case_id,)


async def classify_debtors(
    connection: AsyncConnection, commands: Sequence[ClassifyDebtor], *, outbox: Outbox
) -> list[Case | Problem]:
    """Confirm the classes; return the cases."""
    return await change_books(connection, commands, outbox=outbox, change=_classify)


async def lower_floors(
    connection: AsyncConnection, commands: Sequence[LowerFloor], *, outbox: Outbox
) -> list[Case | Problem]:
    """Take the floors back; return the cases."""
    return await change_books(connection, commands, outbox=outbox, change=_lower)


def _classify(book: Book, at: Moment, command: ClassifyDebtor) -> Case:
    case = _open_case(book, command.case_id)
    return decisions.classify(book, case, at, debtor_class=command.debtor_class, reason=command.reason)


def _lower(book: Book, at: Moment, command: LowerFloor) -> Case:
    case = _open_case(book, command.case_id)
    decisions.lower_floor(book, case, at, reason=command.reason)
    return case


def _open_case(book: Book, case_id: UUID) -> Case:
    case = book.cases[case_id]
    if case.closed_date is not None:
        raise Refusal("the case is closed")
    return case
