"""Keeps the report of every import of customers."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.rows import Rows, insert_rows

_IMPORT = Rows.of(
    "customer_import",
    key=("import_id",),
    import_id="uuid",
    actor="text",
    recorded_at="timestamptz",
    report="jsonb",
)
_REPORT = text("SELECT CAST(report AS text) FROM customer_import WHERE import_id = :import_id")


async def keep_report(
    connection: AsyncConnection, *, import_id: UUID, actor: str, recorded_at: datetime, report: dict[str, Any]
) -> None:
    """Insert the report of an import."""
    row = {"import_id": import_id, "actor": actor, "recorded_at": recorded_at, "report": report}
    await insert_rows(connection, _IMPORT, [row])


async def load_report(connection: AsyncConnection, import_id: UUID) -> str | None:
    """Return the report of an import as JSON text."""
    report: str | None = (await connection.execute(_REPORT, {"import_id": import_id})).scalar_one_or_none()
    return report
