"""Knows all scorecards: those of the house, which hold from the beginning, and those that were loaded."""

from datetime import date
from functools import lru_cache

from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.domain.scorecard import Effective
from services.credit.gateways.scorecard_files import house_texts, read_scorecard
from services.credit.store.scorecards import read_scorecards

_BEGINNING = date(1990, 1, 1)


async def know_scorecards(connection: AsyncConnection) -> list[Effective]:
    """Return the scorecards that may hold for anybody on any day."""
    stored = await read_scorecards(connection)
    loaded = [
        Effective(effective_from=each.effective_from, scorecard=read_scorecard(each.document, each.name))
        for each in stored
    ]
    return [*house_scorecards(), *loaded]


@lru_cache
def house_scorecards() -> tuple[Effective, ...]:
    """Return the scorecards that the house comes with."""
    return tuple(
        Effective(effective_from=_BEGINNING, scorecard=read_scorecard(text, file))
        for file, text in house_texts().items()
    )
