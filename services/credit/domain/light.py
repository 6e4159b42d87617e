"""The traffic light: derived anew from what is known, so that it lifts by itself when its cause is gone (C6)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from services.credit.domain.decision import Reason
from services.credit.domain.profile import Grade
from shared.money import Money

Color = Literal["green", "yellow", "red"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """What it takes for one color; any one of them suffices, and what is None or empty never does."""

    grades: frozenset[Grade] = frozenset()
    debt_days: int | None = None
    promises_broken: int | None = None
    exposure_pct: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LightPolicy:
    """Yellow and red, for how many days a broken promise counts, and below which amount a debt does not.

    `minimum_amount` is in major units by currency, with a "default".
    """

    yellow: Threshold
    red: Threshold
    promise_days: int
    minimum_amount: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Used:
    """A limit and the exposure against it, in its currency."""

    exposure: Money
    limit: Money

    def reaches(self, pct: Decimal) -> bool:
        """Return whether something is used, and at least so much of the limit."""
        return self.exposure.minor > 0 and self.exposure.minor * 100 >= self.limit.minor * pct


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """All that decides the light; `oldest_due_date` is of collectible debts, `used` None while no limit is known."""

    grade: Grade | None = None
    insolvent: bool = False
    blacklisted: bool = False
    oldest_due_date: date | None = None
    promises_broken: Sequence[date] = ()
    used: Used | None = None


@dataclass(frozen=True, slots=True)
class Light:
    """A color with its reasons; on `next_date` another color is possible though nothing is heard until then."""

    color: Color
    reasons: tuple[Reason, ...]
    next_date: date | None


def light_of(situation: Situation, *, policy: LightPolicy, as_of: date) -> Light:
    """Return the light on `as_of`: red before yellow, and each cause named once, with the stricter of its colors."""
    red = list(_reasons(situation, policy.red, policy, as_of))
    if situation.insolvent:
        red.append(Reason("insolvency", "Insolvency of this customer is recorded."))
    if situation.blacklisted:
        red.append(Reason("blacklisted", "This customer is on the blacklist."))
    named = {each.code for each in red}
    yellow = [each for each in _reasons(situation, policy.yellow, policy, as_of) if each.code not in named]
    color: Color = "red" if red else "yellow" if yellow else "green"
    return Light(color, (*red, *yellow), _next_date(situation, policy, as_of))


def _reasons(situation: Situation, threshold: Threshold, policy: LightPolicy, as_of: date) -> Iterator[Reason]:
    if situation.grade in threshold.grades:
        yield Reason("grade", f"The grade is {situation.grade}.")
    if threshold.debt_days is not None and situation.oldest_due_date is not None:
        days = (as_of - situation.oldest_due_date).days
        if days >= threshold.debt_days:
            yield Reason("debt_age", f"An undisputed debt is {days} days past due; {threshold.debt_days} count.")
    broken = len(_counted(situation.promises_broken, policy, as_of))
    if threshold.promises_broken is not None and broken >= threshold.promises_broken:
        yield Reason("promises_broken", f"{broken} broken within {policy.promise_days} days.")
    used = situation.used
    if threshold.exposure_pct is not None and used is not None and used.reaches(threshold.exposure_pct):
        text = f"The exposure of {used.exposure} is {threshold.exposure_pct} % or more of the limit of {used.limit}."
        yield Reason("exposure", text)


def _counted(promises_broken: Sequence[date], policy: LightPolicy, as_of: date) -> list[date]:
    return [each for each in promises_broken if (as_of - each).days <= policy.promise_days]


def _next_date(situation: Situation, policy: LightPolicy, as_of: date) -> date | None:
    dates = [each + timedelta(days=policy.promise_days + 1) for each in situation.promises_broken]
    if situation.oldest_due_date is not None:
        ages = (policy.yellow.debt_days, policy.red.debt_days)
        dates += [situation.oldest_due_date + timedelta(days=each) for each in ages if each is not None]
    return min((each for each in dates if each > as_of), default=None)
