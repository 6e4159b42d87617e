"""Computes a score for today or any past day anew, from what was known at the end of that day (C2)."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.domain.habits import REMEMBERED_DAYS, Habit, window_start
from services.credit.domain.inputs import Value, read_inputs
from services.credit.domain.profile import Profile
from services.credit.domain.scorecard import Score, Scorecard, score, scorecard_for, subject_of
from services.credit.store.changes import facts_as_of
from services.credit.store.habits import load_habits
from services.credit.store.profiles import load_profile
from services.credit.usecases.know_scorecards import know_scorecards


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """A customer as he was known at the end of a day, with the scorecard that served him."""

    scorecard: Scorecard
    profile: Profile
    habit: Habit
    as_of: date

    def score(self) -> Score:
        """Return the score by what was known."""
        return score(self.scorecard, profile=self.profile, habit=self.habit, as_of=self.as_of)

    def inputs(self) -> dict[str, Value | None]:
        """Return all that a scorecard may ask, whether this one does or not."""
        return read_inputs(subject_of(self.scorecard, profile=self.profile, habit=self.habit, as_of=self.as_of))


async def recall(connection: AsyncConnection, customer_id: UUID, *, as_of: date) -> Recalled | None:
    """Return what was known; None if nobody of this id was registered by then, or no scorecard served him."""
    profile = await load_profile(connection, customer_id)
    facts = await facts_as_of(connection, customer_id, as_of=as_of)
    if profile is None or not facts:
        return None
    known = Profile(
        customer_id=customer_id,
        partition_no=profile.partition_no,
        customer_number=profile.customer_number,
        **facts,
    )
    scorecard = scorecard_for(await know_scorecards(connection), known, as_of=as_of)
    if scorecard is None:
        return None
    habits = await load_habits(connection, [customer_id], as_of=as_of, since=window_start(as_of, REMEMBERED_DAYS))
    return Recalled(scorecard=scorecard, profile=known, habit=habits[customer_id], as_of=as_of)
