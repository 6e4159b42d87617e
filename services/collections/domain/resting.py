"""Why nothing is said about a debt just now, and until when (K5, K8, K10, K22)."""

from dataclasses import dataclass
from datetime import date, timedelta

from services.collections.domain.book import Book
from services.collections.domain.pauses import resting_until
from services.collections.domain.promise_money import promised_minor
from services.collections.domain.receivables import Receivable

PAID, DISPUTED, PROMISED, PAUSED, SMALL = "paid", "disputed", "promised", "paused", "below_minimum"
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """The reason, and the first date on which it is worth asking again; None until something happens."""

    reason: str
    ask_again: date | None = None


def rest(book: Book, receivable: Receivable, day: date) -> Rest | None:
    """Return why this debt is not dunned on `day`, or None where it is."""
    if receivable.open_minor == 0:
        return Rest(reason=PAID)
    collectible = book.collectible_minor(receivable)
    minimum = book.stage_policy(receivable.entity, day).minimum_minor(receivable.currency)
    if collectible < minimum:
        return Rest(reason=DISPUTED if collectible < receivable.open_minor else SMALL)
    if receivable.dunning_from is not None and day < receivable.dunning_from:
        return Rest(reason=DISPUTED, ask_again=receivable.dunning_from)
    promised, lapses = promised_minor(book, receivable)
    if lapses is not None and collectible - promised < minimum and day <= lapses:
        return Rest(reason=PROMISED, ask_again=lapses + _ONE_DAY)
    return _pause(book, receivable, day)


def dunnable_minor(book: Book, receivable: Receivable) -> int:
    """Return what may be asked for: open, not disputed and not promised."""
    return book.collectible_minor(receivable) - promised_minor(book, receivable)[0]


def _pause(book: Book, receivable: Receivable, day: date) -> Rest | None:
    pauses = book.pauses_of(receivable)
    if not any(pause.rests(day) for pause in pauses):
        return None
    until = resting_until(pauses, day)
    return Rest(reason=PAUSED, ask_again=until + _ONE_DAY if until is not None else None)
