"""Shows scores of any day, and why a customer stands where he stands (C2, C15)."""

import json
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from services.credit.api import shown
from services.credit.api.asking import known_profile
from services.credit.api.risk_shown import DerivedShown, RiskShown
from services.credit.api.shown import Shown
from services.credit.domain.policy import Policy
from services.credit.domain.profile import Grade
from services.credit.store.days import day_of
from services.credit.store.scores import KeptScore
from services.credit.usecases import explain_customer as use
from services.credit.usecases.explain_risk import denied_document, explain_risk, light_document, limit_document
from services.credit.usecases.recall_scores import recall
from shared.service import Context
from shared.web.keys import Reader
from shared.web.models import BusinessDate
from shared.web.problem_types import NOT_FOUND
from shared.web.problems import Problem, problems
from shared.web.routing import router


class PartShown(Shown):
    """What one characteristic gave, of the most that it can."""

    characteristic: str
    input: str
    value: Annotated[str | None, Field(description="A figure with two decimals or a category; null: not known")]
    points: int
    most: int
    reason: str | None


class ScoreShown(Shown):
    """A score by the scorecard that served the customer on that day."""

    customer_id: UUID
    as_of: date
    scorecard: str
    scorecard_version: int
    points: int
    most: int
    grade: Annotated[Grade, Field(description="What the points alone would give")]
    known_pct: int
    is_enough: Annotated[bool, Field(description="Whether enough is known for a grade")]
    reasons: list[str]
    missing: list[str]
    parts: list[PartShown]


class ImprovementShown(Shown):
    """What would give more points."""

    characteristic: str
    input: str
    needs: str
    gains: int


class RiseShown(Shown):
    """What a better grade asks for: points, and how long the grade has stood."""

    grade: Grade
    points: int
    lacks: int
    earliest_date: date


class OverrideNamed(Shown):
    """The override that holds."""

    override_id: UUID
    end_date: date


class GradeExplained(Shown):
    """The grade, by what it came, since when it is the customer's own, and what would raise it."""

    grade: Grade | None
    terms_days: Annotated[int | None, Field(description="The longest net days that the grade allows")]
    basis: Annotated[str | None, Field(description="by_hand | scored | overridden")]
    own_grade: Annotated[Grade | None, Field(description="The grade without the override")]
    since: date | None
    override: OverrideNamed | None
    cutoffs: dict[str, int]
    better_by_points: int
    next_review_date: date
    would_change: list[RiseShown]


class CauseShown(Shown):
    """A score that differed from the one before, and the event, request or day that caused it."""

    business_date: date
    points: int
    grade: Grade
    scorecard: str
    scorecard_version: int
    cause_id: UUID
    actor: str
    recorded_at: datetime


class KnownShown(Shown):
    """An input that is known; habits, which the ledger's facts make, need nobody's confirmation."""

    input: str
    value: str
    source: Annotated[str | None, Field(description="Who confirmed last what it is read from")]
    confirmed_date: date | None


class KeyCustomerShown(Shown):
    """Whether this is a key customer: named so by people, or among the first in the monthly ranking by sales."""

    named: bool
    top_by_sales: bool
    ranked_date: Annotated[date | None, Field(description="As of the end of which day the last ranking was made")]
    place: int | None
    sales: Annotated[str | None, Field(description="What was invoiced, in major units at the ranking's rough rates")]


class ExplanationShown(Shown):
    """Why this score, grade, limit, light, hold and refusal."""

    customer_id: UUID
    as_of: date
    policy_version: str
    score: ScoreShown | None
    would_change: Annotated[list[ImprovementShown], Field(description="Bins that would give more, by characteristic")]
    known: Annotated[list[KnownShown], Field(description="What a scorecard may ask, whether this one does or not")]
    key_customer: KeyCustomerShown
    grade: GradeExplained
    causes: Annotated[list[CauseShown], Field(description="The last scores that differed, newest first")]
    risk: RiskShown


def scores_router(context: Context, policy: Policy) -> APIRouter:
    """Return the routes of scores and explanations."""
    routes = router(prefix="/v1/customers/{customer_id}", tags=["scores"])

    @routes.get("/score", response_model=ScoreShown, responses=problems(NOT_FOUND))
    async def score(_caller: Reader, customer_id: UUID, as_of: Annotated[BusinessDate | None, Query()] = None) -> Any:
        """Compute the score anew as of the end of a day, from what was known then; by default of today."""
        async with context.reading.connect() as connection:
            profile = await known_profile(connection, customer_id)
            day = as_of or await day_of(connection, profile.partition_no) or context.clock.now().date()
            found = await recall(connection, customer_id, as_of=day)
        if found is None:
            raise Problem(NOT_FOUND, "The customer was not registered then, or no scorecard served him.")
        return use.score_document(customer_id, found.score())

    @routes.get("/explanation", response_model=ExplanationShown, responses=problems(NOT_FOUND))
    async def explain(_caller: Reader, customer_id: UUID) -> Any:
        """Say why score, grade, limit, light, holds and refusals are what they are, and what would change it."""
        async with context.reading.connect() as connection:
            profile = await known_profile(connection, customer_id)
            today = await day_of(connection, profile.partition_no) or context.clock.now().date()
            told = await use.explain_customer(connection, profile, as_of=today)
            risk = await explain_risk(connection, profile, policy=policy, as_of=today)
        return {
            "customer_id": customer_id,
            "as_of": today,
            "policy_version": policy.version,
            "score": use.score_document(customer_id, told.score) if told.score else None,
            "would_change": use.improvements(told.score) if told.score else [],
            "known": use.known_document(told),
            "key_customer": use.key_document(told),
            "grade": use.grade_document(told, policy=policy.grades),
            "causes": [_cause(each) for each in told.scores],
            "risk": {
                "limit": limit_document(risk),
                "light": light_document(risk),
                "holds": [shown.listed_hold(each) for each in risk.holds],
                "denied": denied_document(risk),
                "changes": [_derived(each) for each in risk.changes],
            },
        }

    return routes


def _derived(row: Any) -> dict[str, Any]:
    plain = {name: getattr(row, name) for name in DerivedShown.model_fields}
    return {**plain, "before": json.loads(row.before), "after": json.loads(row.after)}


def _cause(kept: KeptScore) -> dict[str, Any]:
    return {name: getattr(kept, name) for name in CauseShown.model_fields}
