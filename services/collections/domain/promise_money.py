"""What counts for a promise to pay, and how much of a debt it lets rest (K8)."""

from dataclasses import replace
from datetime import date
from uuid import UUID

from services.collections.domain.book import Book
from services.collections.domain.receivables import Receivable
from services.collections.domain.records import Money, Promise

PROPOSED, OPEN, KEPT, PARTLY_KEPT, BROKEN = "proposed", "open", "kept", "partly_kept", "broken"
WITHDRAWN, REFUSED = "withdrawn", "refused"
COUNTED = (OPEN, KEPT, PARTLY_KEPT, BROKEN)

TOLERANCE_PCT = 1


def count(book: Book, money: Money, *, receivable: Receivable) -> None:
    """Count a payment's part for the promises it is effective after and allocated to."""
    for promise in list(book.promises.values()):
        if promise.state in COUNTED and is_towards(promise, receivable) and money.effective_date >= promise.made_date:
            book.promises[promise.promise_id] = replace(promise, money=[*promise.money, money])


def uncount(book: Book, credit_id: UUID, *, minor: int, receivable: Receivable) -> None:
    """Take back what a bounced payment had counted for this debt's promises."""
    for promise in list(book.promises.values()):
        counted = [each for each in promise.money if each.credit_id == credit_id]
        left = sum(each.minor for each in counted)
        if is_towards(promise, receivable) and left > 0:
            back = replace(counted[-1], minor=-min(minor, left))
            book.promises[promise.promise_id] = replace(promise, money=[*promise.money, back])


def promised_minor(book: Book, receivable: Receivable) -> tuple[int, date | None]:
    """Return how much of this debt open promises let rest, oldest debts first, and through which day."""
    total, through = 0, None
    for promise in book.promises.values():
        if promise.state == OPEN and is_towards(promise, receivable):
            part = _part_of(book, promise, receivable)
            total += part
            through = max(promise.lapses_date, through or promise.lapses_date) if part else through
    return total, through


def paid_minor(promise: Promise) -> int:
    """Return what came in time and stayed."""
    return sum(each.minor for each in promise.money if each.effective_date <= promise.lapses_date)


def paid_ever_minor(promise: Promise) -> int:
    """Return what came at all and stayed: enough of it makes a broken promise good."""
    return sum(each.minor for each in promise.money)


def enough_minor(promise: Promise) -> int:
    """Return the least that keeps the promise, rounded up to a minor unit."""
    return -(-promise.amount_minor * (100 - TOLERANCE_PCT) // 100)


def is_towards(promise: Promise, receivable: Receivable) -> bool:
    """Return whether money for this debt counts for the promise: one of its instalments, or anything of the entity."""
    if (promise.entity, promise.currency) != (receivable.entity, receivable.currency):
        return False
    return not promise.instalment_ids or receivable.instalment_id in promise.instalment_ids


def _part_of(book: Book, promise: Promise, receivable: Receivable) -> int:
    left = promise.amount_minor - paid_minor(promise)
    for each in book.of_entity(promise.entity):
        if is_towards(promise, each):
            part = max(min(book.collectible_minor(each), left), 0)
            if each.instalment_id == receivable.instalment_id:
                return part
            left -= part
    return 0
