"""Registers customers and changes what is known of them; each change is kept and told to whom it concerns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.domain import profile as domain
from services.credit.domain.exposure import Parts
from services.credit.domain.grading import Grading
from services.credit.domain.habits import REMEMBERED_DAYS, Habit, window_start
from services.credit.domain.policy import Policy
from services.credit.domain.profile import ChangeRefused, Profile
from services.credit.domain.risk import Risk
from services.credit.store.exposures import load_parts
from services.credit.store.habits import load_habits
from services.credit.store.items import Item
from services.credit.store.rates import load_dated_rates
from services.credit.store.timers import bring_forward
from services.credit.usecases.profile_events import BY_HAND, Why
from services.credit.usecases.rate_customers import Ratings, open_ratings
from services.credit.usecases.request import Request
from services.credit.usecases.risk_desk import RiskDesk, open_risks
from services.credit.usecases.writing import Writing
from shared.messaging.outbox import Outbox
from shared.web.problem_types import CONFLICT, NOT_FOUND, PRECONDITION_FAILED
from shared.web.problems import Problem


@dataclass(frozen=True, slots=True)
class Register:
    """A new customer; with `update` one who is known already gets these facts instead of a refusal."""

    facts: Mapping[str, Any]
    update: bool = False


@dataclass(frozen=True, slots=True)
class Amend:
    """Set these fields, if the version is still the one that was read (None: whichever it is)."""

    facts: Mapping[str, Any]
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Blacklist:
    """Sell nothing on credit, for this reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class Delist:
    """Take off the blacklist, for this reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class RecordInsolvency:
    """Insolvency was opened on that date."""

    opened_date: date


@dataclass(frozen=True, slots=True)
class WithdrawInsolvency:
    """Insolvency ended or was recorded in error, by this reason."""

    reason: str


Decision = Blacklist | Delist | RecordInsolvency | WithdrawInsolvency


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeCustomer:
    """One change of one customer.

    `source` is "rest" or names the import or outside source, which saw the facts on `observed_date` (None: today);
    `note` is why, in a person's words.
    """

    customer_id: UUID
    change: Register | Amend | Decision
    request: Request
    source: str = "rest"
    observed_date: date | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """The customer as it stands now; `before` is None if the customer is new."""

    before: Profile | None
    after: Profile


@dataclass(frozen=True, slots=True)
class Exposed:
    """Where a change of a customer's limit, light and terms goes, and the exposure that they are measured by."""

    desk: RiskDesk
    parts: Parts


async def change_customers(
    connection: AsyncConnection, commands: Sequence[ChangeCustomer], *, policy: Policy, outbox: Outbox
) -> list[Changed | Problem]:
    """Apply the changes in order to locked customers; return for each what stands now, or why it was refused.

    Who has other facts is scored anew; a grade given by hand in the same change stands until the next score.
    """
    ids = {each.customer_id for each in commands}
    if not ids:
        return []
    ratings = await open_ratings(connection, ids, policy=policy.grades, writing=Writing())
    days = {each.request.today(ratings.known[each.customer_id].today) for each in commands}
    habits = await load_habits(connection, ids, as_of=max(days), since=window_start(max(days), REMEMBERED_DAYS))
    rates = await load_dated_rates(connection, days)
    desk = await open_risks(connection, ratings.known, policy=policy, rates=rates, writing=ratings.writing)
    parts = await load_parts(connection, ids)
    results = [
        _change(each, ratings, habits[each.customer_id], Exposed(desk, parts[each.customer_id])) for each in commands
    ]
    await ratings.writing.save(connection, outbox)
    await ratings.save(connection)
    await desk.save(connection)
    await bring_forward(connection, "review", _reviews(commands, results, ratings))
    return [_as_it_stands(each, ratings) for each in results]


def _change(command: ChangeCustomer, ratings: Ratings, habit: Habit, exposed: Exposed) -> Changed | Problem:
    customer_id, writing, desk = command.customer_id, ratings.writing, exposed.desk
    before, grading, risk = ratings.profile(customer_id), ratings.gradings[customer_id], desk.risks[customer_id]
    try:
        after = _apply(command, before, grading, risk)
    except ChangeRefused as refusal:
        return Problem(CONFLICT, str(refusal))
    except Problem as problem:
        return problem
    today = command.request.today(ratings.known[customer_id].today)
    writing.items += _items(command, command.observed_date or today)
    cause = command.request.cause(today)
    if after != before:
        why = Why(source=command.source, note=command.note, standing=_reason(command.change))
        writing.change(before, after, cause=cause, why=why)
        by_hand = after.grade != (before.grade if before else None)
        if by_hand:
            ratings.regrade(customer_id, grading.give(after.grade, on=today), cause=cause, reason=BY_HAND)
        ratings.rate(customer_id, habit, cause=cause, reason=None if by_hand else "scored")
    if _gives_limit(command.change):
        risk = replace(risk, given=after.limit, temporary=None)
    if after != before or risk != desk.risks[customer_id]:
        desk.settle(risk, parts=exposed.parts, cause=cause)
    return Changed(before, after)


def _apply(command: ChangeCustomer, before: Profile | None, grading: Grading, risk: Risk) -> Profile:
    change = command.change
    if isinstance(change, Register):
        if before is not None and change.update:
            return domain.amend(before, _by_hand(change.facts, grading))
        new = Profile(customer_id=command.customer_id, partition_no=risk.partition_no, **change.facts)
        moved = {"grade": grading.basis != BY_HAND, "limit": new.limit == risk.given}
        return domain.register(before, new, decided=[name for name, is_decided in moved.items() if is_decided])
    if before is None:
        raise Problem(NOT_FOUND)
    if isinstance(change, Amend):
        if change.version not in {None, before.version}:
            raise Problem(PRECONDITION_FAILED)
        return domain.amend(before, _by_hand(change.facts, grading))
    return _decided(change, before)


def _decided(change: Decision, before: Profile) -> Profile:
    match change:
        case Blacklist(reason):
            return domain.blacklist(before, reason=reason)
        case Delist():
            return domain.delist(before)
        case RecordInsolvency(opened_date):
            return domain.record_insolvency(before, opened_date=opened_date)
        case WithdrawInsolvency():
            return domain.withdraw_insolvency(before)


def _by_hand(facts: Mapping[str, Any], grading: Grading) -> Mapping[str, Any]:
    if grading.override is not None and facts.get("grade", grading.grade) != grading.grade:
        raise ChangeRefused(f"An override of the grade holds until {grading.override.end_date}.")
    return facts


def _reviews(
    commands: Sequence[ChangeCustomer], results: Sequence[Changed | Problem], ratings: Ratings
) -> dict[UUID, date]:
    new = [
        command
        for command, result in zip(commands, results, strict=True)
        if isinstance(result, Changed) and result.before is None
    ]
    today = {each.customer_id: each.request.today(ratings.known[each.customer_id].today) for each in new}
    return {key: ratings.policy.review_after(day) for key, day in today.items()}


def _as_it_stands(result: Changed | Problem, ratings: Ratings) -> Changed | Problem:
    if isinstance(result, Problem):
        return result
    return replace(result, after=ratings.profile(result.after.customer_id) or result.after)


def _items(command: ChangeCustomer, confirmed_date: date) -> list[Item]:
    if not isinstance(command.change, Register | Amend):
        return []
    named = (name for name in domain.DATED if command.change.facts.get(name) is not None)
    return [Item(command.customer_id, name, command.source, confirmed_date) for name in named]


def _gives_limit(change: object) -> bool:
    return isinstance(change, Register | Amend) and change.facts.get("limit") is not None


def _reason(change: object) -> str:
    return change.reason if isinstance(change, Blacklist | Delist | WithdrawInsolvency) else BY_HAND
