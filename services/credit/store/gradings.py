"""Loads and saves gradings and the overrides that people ask for and decide on."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.domain.grading import Grading, Override
from services.credit.domain.profile import Grade
from services.credit.store.values import row_of
from shared.rows import Rows, upsert_rows
from shared.web.cursor import Position

State = Literal["asked", "approved", "refused", "ended"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptOverride:
    """An override with who asked for it, why, and who decided.

    `ended_by` is who ended it before its last day, for `end_reason`; None where the day or another override did.
    """

    override_id: UUID
    customer_id: UUID
    partition_no: int
    grade: Grade
    end_date: date
    reason: str
    state: State
    asked_by: str
    asked_date: date
    decided_by: str | None = None
    decided_date: date | None = None
    ended_date: date | None = None
    ended_by: str | None = None
    end_reason: str | None = None


_GRADING = Rows.of("grading", key=("customer_id",), customer_id="uuid", own="text", basis="text", since="date")
_OVERRIDE = Rows.of(
    "grade_override",
    key=("override_id",),
    override_id="uuid",
    customer_id="uuid",
    partition_no="smallint",
    grade="text",
    end_date="date",
    reason="text",
    state="text",
    asked_by="text",
    asked_date="date",
    decided_by="text",
    decided_date="date",
    ended_date="date",
    ended_by="text",
    end_reason="text",
)
_COLUMNS = ", ".join(each.name for each in fields(KeptOverride))
_LOAD = text("""
    SELECT c.customer_id, g.own, g.basis, g.since, o.override_id, o.grade, o.end_date
    FROM customer AS c LEFT JOIN grading AS g USING (customer_id)
    LEFT JOIN grade_override AS o ON o.customer_id = c.customer_id AND o.state = 'approved'
    WHERE c.customer_id = ANY(CAST(:ids AS uuid[]))
""")
_OVERRIDES = text(f"SELECT {_COLUMNS} FROM grade_override WHERE override_id = ANY(CAST(:ids AS uuid[]))")
_LISTING = text(f"""
    SELECT {_COLUMNS} FROM grade_override
    WHERE (CAST(:customer_id AS uuid) IS NULL OR customer_id = :customer_id)
      AND (CAST(:state AS text) IS NULL OR state = :state)
      AND (CAST(:after AS uuid) IS NULL OR override_id > CAST(:after AS uuid))
    ORDER BY override_id LIMIT :rows
""")


async def load_gradings(connection: AsyncConnection, customer_ids: Collection[UUID]) -> dict[UUID, Grading]:
    """Return the grading of each of these customers, whose rows must be there."""
    return {row.customer_id: _grading(row) for row in await connection.execute(_LOAD, {"ids": sorted(customer_ids)})}


async def save_gradings(connection: AsyncConnection, gradings: Mapping[UUID, Grading]) -> None:
    """Save the customers' own grades; overrides are saved by themselves."""
    rows = [
        {"customer_id": key, "own": each.own, "basis": each.basis, "since": each.since}
        for key, each in gradings.items()
    ]
    await upsert_rows(connection, _GRADING, rows)


async def load_overrides(connection: AsyncConnection, override_ids: Collection[UUID]) -> dict[UUID, KeptOverride]:
    """Return these overrides, whatever their state, by id."""
    rows = await connection.execute(_OVERRIDES, {"ids": sorted(override_ids)})
    return {row.override_id: KeptOverride(**row._asdict()) for row in rows}


async def save_overrides(connection: AsyncConnection, overrides: Iterable[KeptOverride]) -> None:
    """Insert or replace overrides; those that end first, so that a customer never has two."""
    rows = [row_of(each) for each in overrides]
    await upsert_rows(connection, _OVERRIDE, [row for row in rows if row["state"] == "ended"])
    await upsert_rows(connection, _OVERRIDE, [row for row in rows if row["state"] != "ended"])


async def list_overrides(
    connection: AsyncConnection, *, customer_id: UUID | None, state: State | None, after: Position | None, rows: int
) -> list[KeptOverride]:
    """Return up to `rows` overrides behind the position `after`, by id."""
    parameters = {"customer_id": customer_id, "state": state, "after": after[0] if after else None, "rows": rows}
    return [KeptOverride(**row._asdict()) for row in await connection.execute(_LISTING, parameters)]


def _grading(row: Any) -> Grading:
    override = (
        Override(override_id=row.override_id, grade=row.grade, end_date=row.end_date) if row.override_id else None
    )
    return Grading(own=row.own, basis=row.basis, since=row.since, override=override)
