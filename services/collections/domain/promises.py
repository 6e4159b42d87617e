"""Promises to pay: made, approved, refused and withdrawn by people (K8)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from services.collections.domain import tasks
from services.collections.domain.agreements import PromiseMade, PromiseWithdrawn
from services.collections.domain.book import Book, Moment, Refusal
from services.collections.domain.promise_money import (
    BROKEN,
    OPEN,
    PARTLY_KEPT,
    PROPOSED,
    REFUSED,
    WITHDRAWN,
)
from services.collections.domain.receivables import Receivable
from services.collections.domain.records import Promise

TOLERANCE_WORKING_DAYS = 2
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
            terms.entity,
            tasks.Assignment(
                kind=APPROVAL,
                role=APPROVER,
                due_working_days=1,
                decides=True,
                subject_id=promise.promise_id,
            ),
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
