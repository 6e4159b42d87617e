"""What the ledger tells of money, folded into what is known of a customer's debts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from services.collections.domain import disputes, promise_money
from services.collections.domain.book import Book, Moment
from services.collections.domain.receivables import Receivable
from services.collections.domain.records import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How one instalment's open amount moved."""

    instalment_id: UUID
    invoice_id: UUID
    invoice_number: str
    ordinal: int
    due_date: date
    entity: str
    currency: str
    open_before_minor: int
    open_after_minor: int
    effective_date: date
    episode: int

    @property
    def paid_minor(self) -> int:
        """Return how much less is open; negative where it is more."""
        return self.open_before_minor - self.open_after_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """An instalment of an invoice as it was issued."""

    instalment_id: UUID
    invoice_id: UUID
    invoice_number: str
    ordinal: int
    due_date: date
    entity: str
    currency: str
    amount_minor: int
    penalty_pct_per_day: Decimal


def issue(book: Book, issued: Iterable[Issued], at: Moment) -> None:
    """Know these instalments; what another event told of one already stands."""
    for each in issued:
        known = book.receivables.get(each.instalment_id)
        book.receivables[each.instalment_id] = Receivable(
            instalment_id=each.instalment_id,
            customer_id=book.customer_id,
            entity=each.entity,
            invoice_id=each.invoice_id,
            invoice_number=each.invoice_number,
            ordinal=each.ordinal,
            due_date=each.due_date,
            currency=each.currency,
            open_minor=each.amount_minor if known is None else known.open_minor,
            episode=1 if known is None else known.episode,
            known_date=at.today if known is None else known.known_date,
            penalty_pct_per_day=each.penalty_pct_per_day,
            dunning_from=None if known is None else known.dunning_from,
            issued=True,
        )


def move(book: Book, change: Change, at: Moment) -> Receivable:
    """Set what is open of an instalment now; where it is a new episode, the steps begin anew."""
    known = book.receivables.get(change.instalment_id)
    new_episode = known is None or known.episode != change.episode
    moved = replace(
        known or _stub(book, change, at),
        open_minor=change.open_after_minor,
        episode=change.episode,
        known_date=at.today if known is None or new_episode else known.known_date,
    )
    book.receivables[change.instalment_id] = moved
    return moved


def pay(book: Book, credit_id: UUID, changes: Sequence[Change], at: Moment) -> None:
    """Apply a payment's allocations: they answer, and count for promises; a part that is moved away counts no more."""
    for change in changes:
        receivable = move(book, change, at)
        book.answer(change.entity, at.today)
        money = Money(credit_id=credit_id, minor=change.paid_minor, effective_date=change.effective_date)
        if money.minor > 0:
            promise_money.count(book, money, receivable=receivable)
        else:
            promise_money.uncount(book, credit_id, minor=-money.minor, receivable=receivable)


def bounce(book: Book, credit_id: UUID, changes: Sequence[Change], at: Moment) -> None:
    """Reopen what a payment had settled; what it counted for promises counts no more."""
    for change in changes:
        receivable = move(book, change, at)
        promise_money.uncount(book, credit_id, minor=-change.paid_minor, receivable=receivable)


def credit(book: Book, changes: Sequence[Change], at: Moment) -> None:
    """Apply a credit note; it may be the one that a dispute's resolution waits for."""
    for change in changes:
        move(book, change, at)
        disputes.credit(book, change.instalment_id, max(change.paid_minor, 0))


def _stub(book: Book, change: Change, at: Moment) -> Receivable:
    return Receivable(
        instalment_id=change.instalment_id,
        customer_id=book.customer_id,
        entity=change.entity,
        invoice_id=change.invoice_id,
        invoice_number=change.invoice_number,
        ordinal=change.ordinal,
        due_date=change.due_date,
        currency=change.currency,
        open_minor=change.open_after_minor,
        episode=change.episode,
        known_date=at.today,
    )
