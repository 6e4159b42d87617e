"""Keeps the policies that were loaded; nothing of them is ever changed."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.rows import Rows, insert_missing

PLAYBOOK, STAGES = "playbook", "stages"

_SHAPE = Rows.of(
    "policy",
    key=("kind", "name", "effective_from"),
    version="text",
    kind="text",
    name="text",
    effective_from="date",
    segment="jsonb",
    document="text",
    loaded_by="text",
    loaded_at="timestamptz",
)
_READ = text(
    "SELECT version, kind, name, effective_from, segment, document, loaded_by, loaded_at FROM policy "
    "ORDER BY kind, name, effective_from"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPolicy:
    """A policy as it was loaded: its text, whom it is for, since when, and by whom."""

    version: str
    kind: str
    name: str
    effective_from: date
    segment: dict[str, Any]
    document: str
    loaded_by: str
    loaded_at: datetime


async def read_policies(connection: AsyncConnection) -> list[StoredPolicy]:
    """Return every policy that was loaded."""
    rows = await connection.execute(_READ)
    return [StoredPolicy(**row._asdict()) for row in rows]


async def add_policies(connection: AsyncConnection, policies: Iterable[StoredPolicy]) -> None:
    """Store these policies."""
    await insert_missing(connection, _SHAPE, [asdict(each) for each in policies])
