"""Keeps the scorecards that were loaded; nothing of them is ever changed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.store.values import row_of
from shared.rows import Rows, insert_rows

_SCORECARD = Rows.of(
    "scorecard",
    key=("name", "version"),
    name="text",
    version="integer",
    effective_from="date",
    document="text",
    loaded_by="text",
    loaded_at="timestamptz",
)
_READ = text(
    "SELECT name, version, effective_from, document, loaded_by, loaded_at FROM scorecard ORDER BY name, version"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredScorecard:
    """A scorecard as it was loaded: its text, since when it holds, and by whom."""

    name: str
    version: int
    effective_from: date
    document: str
    loaded_by: str
    loaded_at: datetime


async def read_scorecards(connection: AsyncConnection) -> list[StoredScorecard]:
    """Return every scorecard that was loaded, by name and version."""
    return [StoredScorecard(**row._asdict()) for row in await connection.execute(_READ)]


async def add_scorecards(connection: AsyncConnection, scorecards: Iterable[StoredScorecard]) -> None:
    """Store these scorecards."""
    await insert_rows(connection, _SCORECARD, [row_of(each) for each in scorecards])
