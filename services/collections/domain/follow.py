"""What follows at once from any change of what is known, and what a day's work adds to it."""

from dataclasses import replace

from services.collections.domain import cases, day_plan, promise_outcomes, tasks, withdrawing
from services.collections.domain.agreements import PauseEnded
from services.collections.domain.book import Book, Moment


def follow(book: Book, at: Moment) -> None:
    """Derive anew all that depends on what is known and on the date."""
    entities = book.entity_codes()
    for entity in entities:
        # A bounce opens the case that the promise it breaks then lifts; a payment keeps a promise, then closes.
        if book.open_case(entity) is None:
            cases.derive(book, entity, at)
    promise_outcomes.decide(book, at)
    for entity in entities:
        cases.derive(book, entity, at)
        withdrawing.withdraw_dead(book, entity, at)
        tasks.end_needless(book, entity, at)


def work(book: Book, at: Moment) -> None:
    """Do a day's work for the customer: what time alone has changed, then the steps of the playbook."""
    _end_pauses(book, at)
    follow(book, at)
    for entity in book.entity_codes():
        day_plan.carry_out(book, entity, at)


def _end_pauses(book: Book, at: Moment) -> None:
    for pause in sorted(book.pauses.values(), key=lambda each: each.pause_id):
        if not pause.ended and pause.end_date is not None and pause.end_date < at.today:
            book.pauses[pause.pause_id] = replace(pause, ended=True)
            book.note(
                PauseEnded(
                    effective_date=pause.end_date,
                    entity=pause.entity,
                    pause_id=pause.pause_id,
                    end_date=pause.end_date,
                    reason="end_date",
                )
            )
