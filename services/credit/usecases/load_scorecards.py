"""Loads scorecards that hold from a day that has not come yet (C2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.gateways.scorecard_files import BadScorecard, read_scorecard
from services.credit.store.days import newest_day
from services.credit.store.scorecards import StoredScorecard, add_scorecards
from services.credit.usecases.know_scorecards import know_scorecards
from shared.web.problem_types import CONFLICT, INVALID
from shared.web.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadScorecard:
    """This document, from a file of that name, holds from that day on."""

    file: str
    document: str
    effective_from: date
    loaded_by: str
    loaded_at: datetime


async def load_scorecards(
    connection: AsyncConnection, commands: Sequence[LoadScorecard]
) -> list[StoredScorecard | Problem]:
    """Store the scorecards; what a day has already used is never changed."""
    today = await newest_day(connection)
    versions: dict[str, int] = {}
    for known in await know_scorecards(connection):
        card = known.scorecard
        versions[card.name] = max(versions.get(card.name, 0), card.version)
    results = [_check(command, today, versions) for command in commands]
    await add_scorecards(connection, [each for each in results if isinstance(each, StoredScorecard)])
    return results


def _check(command: LoadScorecard, today: date | None, versions: dict[str, int]) -> StoredScorecard | Problem:
    if today is not None and command.effective_from <= today:
        return Problem(CONFLICT, "A scorecard holds from a business day that is not open yet.")
    try:
        card = read_scorecard(command.document, command.file)
    except BadScorecard as bad:
        errors = [{"pointer": "/document", "detail": f"{command.file}: {fault}"} for fault in bad.faults]
        return Problem(INVALID, errors=errors)
    if card.version <= versions.get(card.name, 0):
        return Problem(CONFLICT, f"{card.name} has version {versions[card.name]} already: give this one a higher.")
    versions[card.name] = card.version
    return StoredScorecard(
        name=card.name,
        version=card.version,
        effective_from=command.effective_from,
        document=command.document,
        loaded_by=command.loaded_by,
        loaded_at=command.loaded_at,
    )
