"""Promises to pay: made, counted by each payment, and decided by what came in time (K8)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from services.collections.domain import tasks
from services.collections.domain.book import Book, Moment, Refusal
from services.collections.domain.facts import (
    PromiseBroken,
    PromiseKept,
    PromiseMade,
    PromisePartlyKept,
    PromiseWithdrawn,
)
from services.collections.domain.receivables import Receivable
from services.collections.domain.records import Money, Promise

PROPOSED, OPEN, KEPT, PARTLY_KEPT, BROKEN = "proposed", "open", "kept", "partly_kept", "broken"
WITHDRAWN, REFUSED = "withdrawn", "refused"
_COUNTED = (OPEN, KEPT, PARTLY_KEPT, BROKEN)

TOLERANCE_WORKING_DAYS = 2
TOLERANCE_PCT = 1
LONGEST_DAYS = 14
APPROVAL = "approve_promise"
APPROVER = "collections_manager"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What was promised: a sum in a currency by a date, towards named instalments or anything of the entity."""

    entity: str
    currency: str
    amount_minor: int
    promised_date: date
    instalment_ids: Sequence[UUID] = ()


def make(book: Book, terms: Terms, at: Moment) -> Promise:
    """Record a promise; the second for the same debt waits for a manager. Raises Refusal."""
    covered = _covered(book, terms)
    _check(book, terms, covered, at)
    covered_ids = [each.instalment_id for each in covered]
    promise = Promise(
        promise_id=at.id_of("promise", terms.entity),
        customer_id=book.customer_id,
        entity=terms.entity,
        currency=terms.currency,
        amount_minor=terms.amount_minor,
        made_date=at.today,
        promised_date=terms.promised_date,
        lapses_date=book.calendar(terms.entity).add_working_days(terms.promised_date, TOLERANCE_WORKING_DAYS),
        instalment_ids=list(terms.instalment_ids),
        covered_ids=covered_ids,
        state=PROPOSED,
        money=[],
    )
    book.promises[promise.promise_id] = promise
    if any(_failed_before(each, terms, covered_ids) for each in book.promises.values()):
        tasks.assign(
            book,
            at,
            entity=terms.entity,
            kind=APPROVAL,
            role=APPROVER,
            due_working_days=1,
            decides=True,
            subject_id=promise.promise_id,
        )
        return promise
    return begin(book, promise, at)


def begin(book: Book, promise: Promise, at: Moment) -> Promise:
    """Let the promise count from today: dunning for its debts rests."""
    opened = replace(promise, state=OPEN, made_date=at.today)
    book.promises[promise.promise_id] = opened
    book.answer(promise.entity, at.today)
    book.note(
        PromiseMade(
            effective_date=at.today,
            entity=promise.entity,
            promise_id=promise.promise_id,
            currency=promise.currency,
            amount_minor=promise.amount_minor,
            promised_date=promise.promised_date,
            lapses_date=promise.lapses_date,
            instalment_ids=promise.instalment_ids,
        )
    )
    return opened


def refuse(book: Book, promise: Promise, at: Moment, *, reason: str) -> None:
    """End a proposed promise that the manager did not accept."""
    book.promises[promise.promise_id] = replace(promise, state=REFUSED, decided_date=at.today, reason=reason)


def withdraw(book: Book, promise: Promise, at: Moment, *, reason: str) -> Promise:
    """End an open or proposed promise by a person's decision, or because nothing is left to pay. Raises Refusal."""
    if promise.state not in (OPEN, PROPOSED):
        raise Refusal(f"the promise is {promise.state}")
    ended = replace(promise, state=WITHDRAWN, decided_date=at.today, reason=reason)
    book.promises[promise.promise_id] = ended
    tasks.end_about(book, promise.promise_id, at)
    if promise.state == OPEN:
        book.note(
            PromiseWithdrawn(
                effective_date=at.today,
                entity=promise.entity,
                promise_id=promise.promise_id,
                reason=reason,
                instalment_ids=promise.instalment_ids,
            )
        )
    return ended


def count(book: Book, money: Money, *, receivable: Receivable) -> None:
    """Count a payment's part (negative where it bounced) for the promises it is effective after and allocated to."""
    for promise in list(book.promises.values()):
        if promise.state in _COUNTED and _is_towards(promise, receivable) and money.effective_date >= promise.made_date:
            book.promises[promise.promise_id] = replace(promise, money=[*promise.money, money])


def uncount(book: Book, credit_id: UUID, *, minor: int, receivable: Receivable) -> None:
    """Take back what a bounced payment had counted for this debt's promises."""
    for promise in list(book.promises.values()):
        counted = sum(each.minor for each in promise.money if each.credit_id == credit_id)
        if promise.state in _COUNTED and _is_towards(promise, receivable) and counted > 0:
            back = Money(credit_id=credit_id, minor=-min(minor, counted), effective_date=promise.made_date)
            book.promises[promise.promise_id] = replace(promise, money=[*promise.money, back])


def decide(book: Book, at: Moment) -> None:
    """Bring every promise to the state that its money and the date give it."""
    for promise in sorted(book.promises.values(), key=lambda each: each.promise_id):
        if (
            promise.state in (OPEN, PROPOSED)
            and not _has_open_debt(book, promise)
            and _paid(promise) < _enough(promise)
        ):
            withdraw(book, promise, at, reason="settled")
        elif promise.state in _COUNTED:
            _decide_one(book, promise, at)


def lower_floors(book: Book, entity: str) -> bool:
    """Take back what broken promises lifted; returns whether there was anything."""
    lifted = [each for each in book.promises.values() if each.entity == entity and each.floor_stage is not None]
    for promise in lifted:
        book.promises[promise.promise_id] = replace(promise, floor_stage=None, floor_since=None)
    return bool(lifted)


def promised_minor(book: Book, receivable: Receivable) -> tuple[int, date | None]:
    """Return how much of this debt open promises let rest, oldest debts first, and through which day."""
    total, through = 0, None
    for promise in book.promises.values():
        if promise.state == OPEN and _is_towards(promise, receivable):
            part = _part_of(book, promise, receivable)
            total += part
            through = max(promise.lapses_date, through or promise.lapses_date) if part else through
    return total, through


def _part_of(book: Book, promise: Promise, receivable: Receivable) -> int:
    left = promise.amount_minor - _paid(promise)
    for each in book.of_entity(promise.entity):
        if _is_towards(promise, each):
            part = max(min(book.collectible_minor(each), left), 0)
            if each.instalment_id == receivable.instalment_id:
                return part
            left -= part
    return 0


def _decide_one(book: Book, promise: Promise, at: Moment) -> None:
    paid, lapsed = _paid(promise), at.today > promise.lapses_date
    bounced = promise.state != OPEN and any(each.minor < 0 for each in promise.money)
    if paid >= _enough(promise):
        state = KEPT
    elif not (lapsed or bounced):
        state = OPEN
    else:
        state = PARTLY_KEPT if paid > 0 and not bounced else BROKEN
    if state != promise.state:
        _become(book, promise, state, paid, at)
    elif promise.floor_stage is not None and _paid_ever(promise) >= _enough(promise):
        book.promises[promise.promise_id] = replace(promise, floor_stage=None, floor_since=None)


_OUTCOMES = {KEPT: PromiseKept, PARTLY_KEPT: PromisePartlyKept, BROKEN: PromiseBroken}


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
            entity=promise.entity,
            kind="promise_broken",
            role=_owner_of(book, promise.entity, floor, at),
            due_working_days=1,
            subject_id=promise.promise_id,
            instalment_ids=promise.covered_ids,
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


def _covered(book: Book, terms: Terms) -> list[Receivable]:
    """Return what rests: the named instalments, or the oldest debts of the entity up to the sum."""
    if terms.instalment_ids:
        named = set(terms.instalment_ids)
        return [each for each in book.of_entity(terms.entity) if each.instalment_id in named]
    covered, left = [], terms.amount_minor
    for each in book.of_entity(terms.entity):
        if each.currency == terms.currency and book.collectible_minor(each) > 0 and left > 0:
            covered.append(each)
            left -= book.collectible_minor(each)
    return covered


def _check(book: Book, terms: Terms, covered: Sequence[Receivable], at: Moment) -> None:
    if not at.today <= terms.promised_date <= at.today + timedelta(days=LONGEST_DAYS):
        raise Refusal(f"a promise is for a day from today to {LONGEST_DAYS} days ahead")
    if any(each.currency != terms.currency for each in covered):
        raise Refusal("the debts are in another currency")
    collectible = sum(
        book.collectible_minor(each)
        for each in (covered if terms.instalment_ids else book.of_entity(terms.entity))
        if each.currency == terms.currency
    )
    if terms.amount_minor > collectible:
        raise Refusal("more is promised than is open and undisputed")
    ids = {each.instalment_id for each in covered}
    if any(each.state in (OPEN, PROPOSED) and _overlap(each, terms, ids) for each in book.promises.values()):
        raise Refusal("there is an open promise for this debt already")


def _overlap(promise: Promise, terms: Terms, covered_ids: Iterable[UUID]) -> bool:
    if (promise.entity, promise.currency) != (terms.entity, terms.currency):
        return False
    return not (promise.instalment_ids and terms.instalment_ids) or bool(set(covered_ids) & set(promise.covered_ids))


def _failed_before(promise: Promise, terms: Terms, covered_ids: Iterable[UUID]) -> bool:
    failed = promise.state in (BROKEN, PARTLY_KEPT) or (promise.state == WITHDRAWN and promise.reason != "settled")
    same = (promise.entity, promise.currency) == (terms.entity, terms.currency)
    return failed and same and bool(set(covered_ids) & set(promise.covered_ids))


def _is_towards(promise: Promise, receivable: Receivable) -> bool:
    if (promise.entity, promise.currency) != (receivable.entity, receivable.currency):
        return False
    return not promise.instalment_ids or receivable.instalment_id in promise.instalment_ids


def _has_open_debt(book: Book, promise: Promise) -> bool:
    known = (book.receivables.get(each) for each in promise.covered_ids)
    return any(each is not None and each.open_minor > 0 for each in known)


def _paid(promise: Promise) -> int:
    """Return what came in time and stayed."""
    return sum(each.minor for each in promise.money if each.effective_date <= promise.lapses_date)


def _paid_ever(promise: Promise) -> int:
    return sum(each.minor for each in promise.money)


def _enough(promise: Promise) -> int:
    """Return the least that keeps the promise, rounded up to a minor unit."""
    return -(-promise.amount_minor * (100 - TOLERANCE_PCT) // 100)
