"""Answers why a customer has this score and grade: inputs, rules, versions, causes, and what would change it (C15)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.domain.grading import GradePolicy, Grading, better_from, better_than, needed
from services.credit.domain.profile import Profile
from services.credit.domain.scorecard import Bin, Part, Score
from services.credit.store.gradings import load_gradings
from services.credit.store.scores import KeptScore, recent_scores
from services.credit.usecases.rate_customers import part_document
from services.credit.usecases.recall_scores import recall_score

_RECENT_SCORES = 10


@dataclass(frozen=True, slots=True)
class Explanation:
    """What there is to say on a day: the score by what is known now, the grading, and the scores that led there."""

    profile: Profile
    as_of: date
    score: Score | None
    grading: Grading
    scores: Sequence[KeptScore]


async def explain_customer(connection: AsyncConnection, profile: Profile, *, as_of: date) -> Explanation:
    """Return why this customer stands where he stands today."""
    customer_id = profile.customer_id
    return Explanation(
        profile=profile,
        as_of=as_of,
        score=await recall_score(connection, customer_id, as_of=as_of),
        grading=(await load_gradings(connection, [customer_id]))[customer_id],
        scores=await recent_scores(connection, customer_id, rows=_RECENT_SCORES),
    )


def score_document(customer_id: UUID, score: Score) -> dict[str, Any]:
    """Return a score as JSON."""
    return {
        "customer_id": str(customer_id),
        "as_of": score.as_of.isoformat(),
        "scorecard": score.scorecard.name,
        "scorecard_version": score.scorecard.version,
        "points": score.points,
        "most": score.scorecard.most,
        "grade": score.grade,
        "known_pct": score.known_pct,
        "is_enough": score.is_enough,
        "reasons": score.reasons,
        "missing": score.missing,
        "parts": [part_document(each) for each in score.parts],
    }


def grade_document(told: Explanation, *, policy: GradePolicy) -> dict[str, Any]:
    """Return the grade as JSON: by what, since when, and what the next better ones ask for."""
    grading, override = told.grading, told.grading.override
    return {
        "grade": grading.grade,
        "terms_days": policy.terms_days[grading.grade] if grading.grade else None,
        "basis": "overridden" if override else grading.basis,
        "own_grade": grading.own,
        "since": grading.since.isoformat() if grading.since else None,
        "override": {"override_id": str(override.override_id), "end_date": override.end_date.isoformat()}
        if override
        else None,
        "cutoffs": dict(told.score.scorecard.cutoffs) if told.score else {},
        "better_by_points": policy.better_by_points,
        "next_review_date": policy.review_after(told.as_of).isoformat(),
        "would_change": _rises(told, policy),
    }


def improvements(score: Score) -> list[dict[str, Any]]:
    """Return, for each characteristic that gave less than it can, the bins that would give more, the best first."""
    return [
        {
            "characteristic": part.characteristic.code,
            "input": part.characteristic.input,
            "needs": _condition(each),
            "gains": each.points - part.points,
        }
        for part in score.parts
        for each in sorted(_better(part), key=lambda each: -each.points)
    ]


def _better(part: Part) -> list[Bin]:
    return [each for each in part.characteristic.bins if each.points > part.points]


def _condition(bin_: Bin) -> str:
    if bin_.values:
        return " or ".join(sorted(bin_.values))
    ends = [f"from {bin_.start}" if bin_.start is not None else "", f"below {bin_.end}" if bin_.end is not None else ""]
    return " and ".join(each for each in ends if each)


def _rises(told: Explanation, policy: GradePolicy) -> list[dict[str, Any]]:
    score, own = told.score, told.grading.own
    if score is None or own is None:
        return []
    earliest = better_from(told.grading, policy=policy)
    return [
        {
            "grade": grade,
            "points": needed(score.scorecard, grade, policy=policy),
            "lacks": max(0, needed(score.scorecard, grade, policy=policy) - score.points),
            "earliest_date": max(earliest or told.as_of, told.as_of).isoformat(),
        }
        for grade in better_than(own)
    ]
