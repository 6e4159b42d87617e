"""The next date on which anything is due for a customer, so that a day costs only those who have something on it."""

from collections.abc import Iterator
from datetime import date, timedelta

from services.collections.domain import planning, promise_money, records, stages
from services.collections.domain.book import Book
from services.collections.domain.resting import rest
from services.collections.domain.views import views

_ONE_DAY = timedelta(days=1)


def next_date(book: Book, *, after: date) -> date | None:
    """Return the first date after `after` with work for this customer, or None."""
    return min((day for day in _dates(book, after) if day > after), default=None)


def _dates(book: Book, after: date) -> Iterator[date]:
    if book.profile.turned_date is not None:
        # Told ahead of its day's marker, that day is still to come, and goes by what was told before.
        yield book.profile.turned_date
        yield book.profile.turned_date + _ONE_DAY
    for promise in book.promises.values():
        if promise.state == promise_money.OPEN:
            yield promise.lapses_date + _ONE_DAY
    for pause in book.pauses.values():
        if not pause.ended:
            yield pause.start_date
            yield pause.end_date + _ONE_DAY if pause.end_date is not None else pause.start_date
    for reminder in book.reminders.values():
        if reminder.state == records.PLANNED and reminder.is_before_due:
            yield max(line.due_date for line in reminder.lines) + _ONE_DAY
    for entity in book.entity_codes():
        yield from _dates_of(book, entity, after)


def _dates_of(book: Book, entity: str, after: date) -> Iterator[date]:
    tomorrow = after + _ONE_DAY
    turning = stages.next_turning_point(book.stage_policy(entity, after), book.debts(entity, after), after=after)
    if turning is not None:
        yield turning
    for view in views(book, entity, after):
        yield view.receivable.due_date + _ONE_DAY
        resting = rest(book, view.receivable, tomorrow)
        due = planning.next_date(view, after=after) if resting is None else resting.ask_again
        if due is not None:
            yield due
