"""Answers why a customer has this score and grade: inputs, rules, versions, causes, and what would change it (C15)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.domain.grading import GradePolicy, Grading, better_from, better_than, needed
from services.credit.domain.inputs import Value, item_of
from services.credit.domain.key_customers import Place
from services.credit.domain.profile import Profile
from services.credit.domain.scorecard import Bin, Part, Score
from services.credit.store.gradings import load_gradings
from services.credit.store.items import Item, load_items
from services.credit.store.sales import latest_ranking
from services.credit.store.scores import KeptScore, recent_scores
from services.credit.usecases.rate_customers import part_document, shown_value
from services.credit.usecases.recall_scores import recall

_RECENT_SCORES = 10


@dataclass(frozen=True, slots=True)
class Explanation:
    """What there is to say on a day: the score by what is known now, the grading, and the scores that led there.

    `inputs` are what any scorecard may ask, `items` the confirmations of what they are read from; `place` is that in
    the ranking by sales of `ranked_date`.
    """

    profile: Profile
    as_of: date
    score: Score | None
    inputs: Mapping[str, Value | None]
    items: Mapping[str, Item]
    ranked_date: date | None
    place: Place | None
    grading: Grading
    scores: Sequence[KeptScore]


async def explain_customer(connection: AsyncConnection, profile: Profile, *, as_of: date) -> Explanation:
    """Return why this customer stands where he stands today."""
    customer_id = profile.customer_id
    recalled = await recall(connection, customer_id, as_of=as_of)
    ranked_date, places = await latest_ranking(connection) or (None, [])
    return Explanation(
        profile=profile,
        as_of=as_of,
        score=recalled.score() if recalled else None,
        inputs=recalled.inputs() if recalled else {},
        items=await load_items(connection, customer_id),
        ranked_date=ranked_date,
        place=next((each for each in places if each.customer_id == customer_id), None),
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


def known_document(told: Explanation) -> list[dict[str, Any]]:
    """Return, as JSON, every input that is known, with who confirmed it last where somebody had to."""
    known = [(name, value, told.items.get(item_of(name) or "")) for name, value in told.inputs.items()]
    return [
        {
            "input": name,
            "value": shown_value(value),
            "source": item.source if item else None,
            "confirmed_date": item.confirmed_date.isoformat() if item else None,
        }
        for name, value, item in known
        if value is not None
    ]


def key_document(told: Explanation) -> dict[str, Any]:
    """Return, as JSON, whether this is a key customer, by whose word, and the place in the last ranking by sales."""
    place = told.place
    return {
        "named": told.profile.key_customer,
        "top_by_sales": told.profile.top_by_sales,
        "ranked_date": told.ranked_date.isoformat() if told.ranked_date else None,
        "place": place.place if place else None,
        "sales": str(place.sales) if place else None,
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
