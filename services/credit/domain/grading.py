"""How a grade follows the score: worse at once, better only with a margin and after some days (C3)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal
from uuid import UUID

from services.credit.domain.profile import Grade
from services.credit.domain.scorecard import Score, Scorecard

Basis = Literal["by_hand", "scored"]

_WORST_FIRST: tuple[Grade, ...] = ("D", "C", "B", "A")


@dataclass(frozen=True, slots=True, kw_only=True)
class GradePolicy:
    """How sluggish grades are, which longest net days each of them allows, and when in the month all are reviewed."""

    better_by_points: int
    better_after_days: int
    terms_days: Mapping[Grade, int]
    review_day: int

    def review_after(self, day: date) -> date:
        """Return the first review day after `day`."""
        this_month = day.replace(day=self.review_day)
        next_month = (day.replace(day=1) + timedelta(days=31)).replace(day=self.review_day)
        return this_month if this_month > day else next_month


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A grade that people decided on, until the end of `end_date`, whatever the score says."""

    override_id: UUID
    grade: Grade
    end_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Grading:
    """A customer's own grade, since when and by what, and the override that stands before it while it lasts."""

    own: Grade | None = None
    basis: Basis | None = None
    since: date | None = None
    override: Override | None = None

    @property
    def grade(self) -> Grade | None:
        """The grade that counts."""
        return self.override.grade if self.override else self.own

    def give(self, grade: Grade | None, *, on: date) -> "Grading":
        """Return the grading with a grade given by hand: a start, from which scores move it."""
        return replace(self, own=grade, basis="by_hand" if grade else None, since=on if grade else None)

    def follow(self, score: Score, *, policy: GradePolicy) -> "Grading":
        """Return the grading after a score that knows enough; one that knows too little moves nothing."""
        if not score.is_enough:
            return self
        grade = _follow(self, score, policy)
        if grade == self.own:
            return replace(self, basis="scored")
        return replace(self, own=grade, basis="scored", since=score.as_of)

    def is_over(self, day: date) -> bool:
        """Return whether the override's last day lies before `day`."""
        return self.override is not None and self.override.end_date < day


def needed(scorecard: Scorecard, grade: Grade, *, policy: GradePolicy) -> int:
    """Return how many points a customer below this grade needs to rise to it."""
    return scorecard.cutoffs[grade] + policy.better_by_points


def better_from(grading: Grading, *, policy: GradePolicy) -> date | None:
    """Return the first day on which the grade may rise; None where nothing holds it."""
    return grading.since + timedelta(days=policy.better_after_days) if grading.since else None


def better_than(grade: Grade) -> tuple[Grade, ...]:
    """Return the grades above this one, the next one first."""
    return _WORST_FIRST[_WORST_FIRST.index(grade) + 1 :]


def _follow(grading: Grading, score: Score, policy: GradePolicy) -> Grade:
    own, by_points = grading.own, score.grade
    if own is None or own in better_than(by_points):
        return by_points
    earliest = better_from(grading, policy=policy)
    if earliest is not None and score.as_of < earliest:
        return own
    reached = [each for each in better_than(own) if score.points >= needed(score.scorecard, each, policy=policy)]
    return reached[-1] if reached else own
