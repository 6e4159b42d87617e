"""Scores customers anew when an input of theirs has changed, keeps what differs, and lets grades follow (C2, C3)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.domain import scorecard as domain
from services.credit.domain.grading import GradePolicy, Grading
from services.credit.domain.habits import Habit
from services.credit.domain.inputs import Value
from services.credit.domain.profile import Profile, amend
from services.credit.domain.scorecard import Effective, Part, Score, scorecard_for
from services.credit.store.gradings import load_gradings, save_gradings
from services.credit.store.profiles import Known, load_known
from services.credit.store.scores import KeptScore, keep_scores, latest_scores
from services.credit.usecases.know_scorecards import know_scorecards
from services.credit.usecases.profile_events import Why
from services.credit.usecases.writing import Writing
from shared.contracts.credit import CreditScored
from shared.messaging.outgoing import Cause, Outgoing

Standing = tuple[str, int, int]
"""Scorecard, version and points: what must differ for a score to be told."""


@dataclass(slots=True, kw_only=True)
class Ratings:
    """Locked customers as they are known, scored and graded, kept true while events and changes are applied."""

    policy: GradePolicy
    scorecards: Sequence[Effective]
    known: Mapping[UUID, Known]
    gradings: dict[UUID, Grading]
    told: dict[UUID, Standing]
    writing: Writing
    scores: list[KeptScore] = field(default_factory=list)
    regraded: set[UUID] = field(default_factory=set)

    def profile(self, customer_id: UUID) -> Profile | None:
        """Return the customer's profile as it stands now."""
        return self.writing.profiles.get(customer_id) or self.known[customer_id].profile

    def rate(self, customer_id: UUID, habit: Habit, *, cause: Cause, reason: str | None) -> None:
        """Score a registered customer; let the grade follow for this reason, or not at all without one."""
        profile = self.profile(customer_id)
        if profile is None:
            return
        scorecard = scorecard_for(self.scorecards, profile, as_of=cause.business_date)
        if scorecard is None:
            return
        score = domain.score(scorecard, profile=profile, habit=habit, as_of=cause.business_date)
        if not score.is_enough:
            return
        self._keep(profile, score, cause)
        if reason is not None:
            followed = self.gradings[customer_id].follow(score, policy=self.policy)
            self.regrade(customer_id, followed, cause=cause, reason=reason)

    def regrade(
        self, customer_id: UUID, grading: Grading, *, cause: Cause, reason: str, note: str | None = None
    ) -> None:
        """Give a registered customer this grading; the profile and the others hear of another grade that counts."""
        if grading != self.gradings[customer_id]:
            self.gradings[customer_id] = grading
            self.regraded.add(customer_id)
        profile = self.profile(customer_id)
        if profile is not None and profile.grade != grading.grade:
            graded = amend(profile, {"grade": grading.grade})
            self.writing.change(profile, graded, cause=cause, why=Why(source=reason, note=note, grade=reason))

    async def save(self, connection: AsyncConnection) -> None:
        """Save scores and gradings; the writing is saved by whoever opened it."""
        await keep_scores(connection, self.scores)
        await save_gradings(connection, {key: self.gradings[key] for key in self.regraded})

    def _keep(self, profile: Profile, score: Score, cause: Cause) -> None:
        standing = (score.scorecard.name, score.scorecard.version, score.points)
        if self.told.get(profile.customer_id) == standing:
            return
        self.told[profile.customer_id] = standing
        self.scores.append(_kept(profile, score, cause))
        self.writing.events.append(_scored(profile, score, cause))


async def open_ratings(
    connection: AsyncConnection, customer_ids: Collection[UUID], *, policy: GradePolicy, writing: Writing
) -> Ratings:
    """Return the ratings of these locked customers; without any nothing is read."""
    if not customer_ids:
        return Ratings(policy=policy, scorecards=(), known={}, gradings={}, told={}, writing=writing)
    latest = await latest_scores(connection, customer_ids)
    return Ratings(
        policy=policy,
        scorecards=await know_scorecards(connection),
        known=await load_known(connection, customer_ids),
        gradings=await load_gradings(connection, customer_ids),
        told={key: (each.scorecard, each.scorecard_version, each.points) for key, each in latest.items()},
        writing=writing,
    )


def shown_value(value: Value | None) -> str | None:
    """Return an input as text: a figure with two decimals, a category as it is."""
    return f"{value:.2f}" if isinstance(value, Decimal) else value


def part_document(part: Part) -> dict[str, Any]:
    """Return what one characteristic gave, as JSON."""
    return {
        "characteristic": part.characteristic.code,
        "input": part.characteristic.input,
        "value": shown_value(part.value),
        "points": part.points,
        "most": part.characteristic.most,
        "reason": part.reason,
    }


def _kept(profile: Profile, score: Score, cause: Cause) -> KeptScore:
    return KeptScore(
        score_id=cause.id_of(f"score/{profile.customer_id}"),
        customer_id=profile.customer_id,
        partition_no=profile.partition_no,
        business_date=cause.business_date,
        scorecard=score.scorecard.name,
        scorecard_version=score.scorecard.version,
        points=score.points,
        grade=score.grade,
        known_pct=score.known_pct,
        parts=[part_document(each) for each in score.parts],
        cause_id=cause.cause_id,
        actor=cause.actor,
        recorded_at=cause.recorded_at,
    )


def _scored(profile: Profile, score: Score, cause: Cause) -> Outgoing:
    return Outgoing(
        event=CreditScored(
            scorecard=score.scorecard.name,
            scorecard_version=score.scorecard.version,
            points=score.points,
            grade=score.grade,
            reasons=score.reasons,
            missing=score.missing,
        ),
        subject=str(profile.customer_id),
        cause=cause,
        effective_date=cause.business_date,
        customer_id=profile.customer_id,
    )
