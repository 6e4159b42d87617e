"""How promises end: decided by their money and the date, and what a broken one does to the case (K2, K8)."""

from dataclasses import replace
from datetime import date

from services.collections.domain import promises, tasks
from services.collections.domain.agreements import (
    PromiseBroken,
    PromiseKept,
    PromisePartlyKept,
)
from services.collections.domain.book import Book, Moment
from services.collections.domain.promise_money import (
    BROKEN,
    COUNTED,
    KEPT,
    OPEN,
    PARTLY_KEPT,
    PROPOSED,
    enough_minor,
    paid_ever_minor,
    paid_minor,
)
from services.collections.domain.records import Promise

SETTLED = "settled"
TASK = "promise_broken"

_OUTCOMES = {KEPT: PromiseKept, PARTLY_KEPT: PromisePartlyKept, BROKEN: PromiseBroken}


def decide(book: Book, at: Moment) -> None:
    """Bring every promise to the state that its money and the date give it."""
    for promise in sorted(book.promises.values(), key=lambda each: _age(book, each)):
        if (
            promise.state in (OPEN, PROPOSED)
            and not _has_open_debt(book, promise)
            and paid_minor(promise) < enough_minor(promise)
        ):
            promises.withdraw(book, promise, at, reason=SETTLED)
        elif promise.state in COUNTED:
            _decide_one(book, promise, at)


def lower_floors(book: Book, entity: str) -> bool:
    """Take back what broken promises lifted; returns whether there was anything."""
    lifted = [each for each in book.promises.values() if each.entity == entity and each.floor_stage is not None]
    for promise in lifted:
        book.promises[promise.promise_id] = replace(promise, floor_stage=None, floor_since=None)
    return bool(lifted)


def _decide_one(book: Book, promise: Promise, at: Moment) -> None:
    paid, lapsed = paid_minor(promise), at.today > promise.lapses_date
    bounced = promise.state != OPEN and any(each.minor < 0 for each in promise.money)
    if paid >= enough_minor(promise):
        state = KEPT
    elif not (lapsed or bounced):
        state = OPEN
    else:
        state = PARTLY_KEPT if paid > 0 and not bounced else BROKEN
    if state != promise.state:
        _become(book, promise, state, paid, at)
    elif promise.floor_stage is not None and paid_ever_minor(promise) >= enough_minor(promise):
        book.promises[promise.promise_id] = replace(promise, floor_stage=None, floor_since=None)


def _become(book: Book, promise: Promise, state: str, paid: int, at: Moment) -> None:
    floor, since = _floor_above(book, promise, at) if state == BROKEN else (None, None)
    book.promises[promise.promise_id] = replace(
        promise, state=state, decided_date=at.today, floor_stage=floor, floor_since=since
    )
    book.note(
        _OUTCOMES[state](
            effective_date=at.today,
            entity=promise.entity,
            promise_id=promise.promise_id,
            currency=promise.currency,
            amount_minor=promise.amount_minor,
            paid_minor=paid,
            instalment_ids=promise.instalment_ids,
        )
    )
    if state == BROKEN and book.open_case(promise.entity) is not None:
        tasks.assign(
            book,
            at,
            promise.entity,
            tasks.Assignment(
                kind=TASK,
                role=_owner_of(book, promise.entity, floor, at),
                due_working_days=1,
                subject_id=promise.promise_id,
                instalment_ids=promise.covered_ids,
            ),
        )


def _floor_above(book: Book, promise: Promise, at: Moment) -> tuple[str | None, date | None]:
    case = book.open_case(promise.entity)
    if case is None:
        return None, None
    policy = book.stage_policy(promise.entity, at.today)
    above = min(policy.index(case.stage) + 1, len(policy.stages) - 1)
    return policy.stages[above].code, at.today


def _owner_of(book: Book, entity: str, stage: str | None, at: Moment) -> str:
    policy = book.stage_policy(entity, at.today)
    return policy.stages[policy.index(stage)].owner_role


def _has_open_debt(book: Book, promise: Promise) -> bool:
    known = (book.receivables.get(each) for each in promise.covered_ids)
    return any(each is not None and each.open_minor > 0 for each in known)


def _age(book: Book, promise: Promise) -> tuple[date, date, list[tuple[str, int]], int]:
    """Return what orders promises the same in every run; their ids are drawn."""
    known = (book.receivables.get(each) for each in promise.covered_ids)
    covered = sorted((each.invoice_number, each.ordinal) for each in known if each is not None)
    return promise.made_date, promise.promised_date, covered, promise.amount_minor
