"""The providers' receipts: what became of a text message after it was taken, kept as it was told (N8)."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.rows import Rows, insert_missing

_RECEIPT = Rows.of(
    "receipt",
    key=("message_id", "provider", "status"),
    message_id="uuid",
    provider="text",
    status="text",
    at="timestamptz",
    reason="text",
    content="bytea",
    heard_at="timestamptz",
)
_KNOWN = text("SELECT 1 FROM receipt WHERE message_id = :message_id AND provider = :provider AND status = :status")


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A receipt; `content` is what was signed, `at` when it happened by the provider's clock."""

    message_id: UUID
    provider: str
    status: Literal["delivered", "undelivered"]
    at: datetime
    reason: str | None
    content: bytes
    heard_at: datetime


async def is_known(connection: AsyncConnection, receipt: Receipt) -> bool:
    """Return whether the provider has told this before."""
    values = {"message_id": receipt.message_id, "provider": receipt.provider, "status": receipt.status}
    return (await connection.execute(_KNOWN, values)).first() is not None


async def insert_receipts(connection: AsyncConnection, receipts: Sequence[Receipt]) -> None:
    """Keep receipts that are not known yet."""
    await insert_missing(connection, _RECEIPT, [asdict(each) for each in receipts])
