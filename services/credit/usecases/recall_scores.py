"""Computes a score for today or any past day anew, from what was known at the end of that day (C2)."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.domain.habits import REMEMBERED_DAYS, window_start
from services.credit.domain.profile import Profile
from services.credit.domain.scorecard import Score, score, scorecard_for
from services.credit.store.changes import facts_as_of
from services.credit.store.habits import load_habits
from services.credit.store.profiles import load_profile
from services.credit.usecases.know_scorecards import know_scorecards


async def recall_score(connection: AsyncConnection, customer_id: UUID, *, as_of: date) -> Score | None:
    """Return the score; None if nobody of this id was registered by then, or no scorecard served him."""
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
    return score(scorecard, profile=known, habit=habits[customer_id], as_of=as_of)
