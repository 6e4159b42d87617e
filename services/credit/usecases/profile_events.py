"""Tells other services what changed of a customer: everything follows from the profile before and after."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from services.credit.domain.profile import Profile
from shared.contracts import credit as contracts
from shared.contracts.event import Event
from shared.messaging.outgoing import Cause, Outgoing
from shared.money import Money

BY_HAND = "by_hand"


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """From where a change comes, why in a person's words, and its reasons as codes for those who hear of it."""

    source: str
    note: str | None = None
    standing: str = BY_HAND
    grade: str = BY_HAND
    limit: str = BY_HAND


def between(before: Profile | None, after: Profile, *, cause: Cause, why: Why) -> list[Outgoing]:
    """Return the events that follow from this difference, with their reasons."""
    return [
        Outgoing(
            event=event,
            subject=str(after.customer_id),
            cause=cause,
            effective_date=_effective(event, cause.business_date),
            customer_id=after.customer_id,
        )
        for event in _events(before, after, why)
    ]


def _events(before: Profile | None, after: Profile, why: Why) -> Iterator[Event]:
    if before is None:
        yield contracts.CustomerRegistered(facts=_facts(after))
    else:
        told = before.told()
        if changed := [name for name, value in after.told().items() if value != told[name]]:
            yield contracts.CustomerProfileChanged(facts=_facts(after), changed=changed)
        if before.grade != after.grade:
            yield contracts.GradeChanged(grade_before=before.grade, grade=after.grade, reason=why.grade)
    if after.limit is not None and (before is None or before.limit != after.limit):
        yield _limit_changed(before.limit if before else None, after.limit, reason=why.limit)
    yield from _standing(before, after, why.standing)


def _limit_changed(before: Money | None, after: Money, *, reason: str) -> contracts.CreditLimitChanged:
    comparable = before is not None and before.currency == after.currency
    return contracts.CreditLimitChanged(
        currency=after.currency,
        limit_before_minor=before.minor if before and comparable else None,
        limit_minor=after.minor,
        reason=reason,
    )


def _standing(before: Profile | None, after: Profile, reason: str) -> Iterator[Event]:
    if before is None:
        return
    if before.blacklist_reason is None and after.blacklist_reason is not None:
        yield contracts.CustomerBlacklisted(reason=reason)
    if before.blacklist_reason is not None and after.blacklist_reason is None:
        yield contracts.CustomerDelisted(reason=reason)
    if before.insolvency_date is None and after.insolvency_date is not None:
        yield contracts.InsolvencyRecorded(opened_date=after.insolvency_date)
    if before.insolvency_date is not None and after.insolvency_date is None:
        yield contracts.InsolvencyWithdrawn(reason=reason)


def _facts(profile: Profile) -> contracts.CustomerFacts:
    return contracts.CustomerFacts(customer_number=profile.customer_number, grade=profile.grade, **profile.told())


def _effective(event: Event, today: date) -> date:
    return event.opened_date if isinstance(event, contracts.InsolvencyRecorded) else today
