"""Keeps every credit check with its answer: the decision, its reasons and the numbers it used."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.store.values import row_of
from shared.rows import Rows, insert_rows
from shared.web.cursor import Position

_CHECK = Rows.of(
    "credit_check",
    key=("check_id",),
    check_id="uuid",
    customer_id="uuid",
    partition_no="smallint",
    order_number="text",
    currency="text",
    amount_minor="bigint",
    decision="text",
    answer="jsonb",
    actor="text",
    business_date="date",
    recorded_at="timestamptz",
)
_BY_ID = text("SELECT CAST(answer AS text) FROM credit_check WHERE check_id = :check_id")
_LISTING = text("""
    SELECT check_id, recorded_at, CAST(answer AS text) AS answer FROM credit_check
    WHERE (CAST(:customer_id AS uuid) IS NULL OR customer_id = :customer_id)
      AND (CAST(:order_number AS text) IS NULL OR order_number = :order_number)
      AND (CAST(:decision AS text) IS NULL OR decision = :decision)
      AND (CAST(:after_at AS timestamptz) IS NULL
           OR (recorded_at, check_id) < (CAST(:after_at AS timestamptz), CAST(:after_id AS uuid)))
    ORDER BY recorded_at DESC, check_id DESC LIMIT :rows
""")


_DENIED = text("""
    SELECT CAST(answer AS text) FROM credit_check
    WHERE customer_id = :customer_id AND decision <> 'approve' ORDER BY recorded_at DESC, check_id DESC LIMIT :rows
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCheck:
    """A check as it was answered."""

    check_id: UUID
    customer_id: UUID
    partition_no: int
    order_number: str
    currency: str
    amount_minor: int
    decision: str
    answer: dict[str, Any]
    actor: str
    business_date: date
    recorded_at: datetime


async def keep_checks(connection: AsyncConnection, checks: Iterable[KeptCheck]) -> None:
    """Insert checks."""
    await insert_rows(connection, _CHECK, [row_of(each) for each in checks])


async def load_answer(connection: AsyncConnection, check_id: UUID) -> str | None:
    """Return the answer of one check as JSON text."""
    return (await connection.execute(_BY_ID, {"check_id": check_id})).scalar_one_or_none()


async def list_denied(connection: AsyncConnection, customer_id: UUID, *, rows: int) -> list[dict[str, Any]]:
    """Return the last answers to a customer that were no approval, newest first."""
    found = await connection.scalars(_DENIED, {"customer_id": customer_id, "rows": rows})
    return [json.loads(each) for each in found]


async def list_answers(
    connection: AsyncConnection,
    *,
    customer_id: UUID | None,
    order_number: str | None,
    decision: str | None,
    after: Position | None,
    rows: int,
) -> list[Row[Any]]:
    """Return (check_id, recorded_at, answer as JSON text) of up to `rows` checks before `after`, newest first."""
    parameters = {
        "customer_id": customer_id,
        "order_number": order_number,
        "decision": decision,
        "after_at": datetime.fromisoformat(str(after[0])) if after else None,
        "after_id": after[1] if after else None,
        "rows": rows,
    }
    return list(await connection.execute(_LISTING, parameters))
