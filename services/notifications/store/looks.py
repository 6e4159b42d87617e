"""What people did with messages before they went: edits, approvals and refusals, kept for ever (N7, N8)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

Action = Literal["edit", "approve", "refuse"]

_INSERT = text(
    """
    INSERT INTO message_look (message_id, ordinal, action, edition, note, actor, at)
    SELECT :message_id, count(*) + 1, :action, :edition, :note, :actor, :at
    FROM message_look WHERE message_id = :message_id
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What a person did with which edition of a message; the note is the new paragraph, or why it was refused."""

    message_id: UUID
    action: Action
    edition: int
    note: str
    actor: str
    at: datetime


async def insert_look(connection: AsyncConnection, looked: Looked) -> None:
    """Add to the history of a message whose customer is locked."""
    values = {name: getattr(looked, name) for name in ("message_id", "action", "edition", "note", "actor", "at")}
    await connection.execute(_INSERT, values)
