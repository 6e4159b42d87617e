"""Starts and ends pauses, also for days that have passed (K22)."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from services.collections.domain.agreements import PauseEnded, PauseStarted
from services.collections.domain.book import Book, Moment, Refusal
from services.collections.domain.pauses import Pause

LONGEST_DAYS = 366


def start(
    book: Book,
    at: Moment,
    *,
    scope: str,
    entity: str | None,
    invoice_id: UUID | None,
    start_date: date,
    end_date: date | None,
    reason: str,
) -> Pause:
    """Let dunning rest for an invoice, the customer or his open case at `entity`. Raises Refusal."""
    case = book.open_case(entity) if entity is not None else None
    if scope == "case" and case is None:
        raise Refusal("there is no open case at this entity")
    if end_date is not None and not start_date <= end_date <= start_date + timedelta(days=LONGEST_DAYS):
        raise Refusal(f"a pause ends on its first day or later, and lasts at most {LONGEST_DAYS} days")
    pause = Pause(
        pause_id=at.id_of("pause", scope),
        customer_id=book.customer_id,
        entity=entity,
        scope=scope,
        invoice_id=invoice_id,
        case_id=case.case_id if scope == "case" and case is not None else None,
        start_date=start_date,
        end_date=end_date,
        reason=reason,
    )
    book.pauses[pause.pause_id] = pause
    book.note(
        PauseStarted(
            effective_date=start_date,
            entity=entity,
            pause_id=pause.pause_id,
            scope=scope,
            invoice_id=invoice_id,
            start_date=start_date,
            end_date=end_date,
            reason=reason,
        )
    )
    return pause


def end(book: Book, pause: Pause, at: Moment, *, end_date: date, reason: str) -> Pause:
    """End a pause on a day that may have passed; days after it count again. Raises Refusal."""
    if pause.ended:
        raise Refusal("the pause is over already")
    if end_date < pause.start_date:
        raise Refusal("a pause ends on its first day or later")
    shortened = replace(pause, end_date=end_date, ended=end_date < at.today)
    book.pauses[pause.pause_id] = shortened
    book.note(
        PauseEnded(
            effective_date=end_date, entity=pause.entity, pause_id=pause.pause_id, end_date=end_date, reason=reason
        )
    )
    return shortened
