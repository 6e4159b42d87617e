"""Notes that other services have ended a day in a partition: what the next day may have to wait for (L7)."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.store import days


class WorkedDay(NamedTuple):
    """One service's marker; its id is derived from the partition, so that a repeat is the same."""

    service: str
    day: date
    event_id: UUID


async def note_worked_days(connection: AsyncConnection, worked: Sequence[WorkedDay]) -> None:
    """Note these markers, each once."""
    await days.note_worked(connection, [each._asdict() for each in worked])
