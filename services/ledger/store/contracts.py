"""The contracts, with their terms as JSON."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.domain.contract import Contract
from services.ledger.domain.terms import EndOfMonth, FixedDay, NetDays, Terms
from shared.rows import Row, Rows, insert_rows

_CONTRACT = Rows.of(
    "contract",
    key=("contract_id",),
    contract_id="uuid",
    entity="text",
    reference="text",
    customer_id="uuid",
    customer_number="text",
    partition_no="smallint",
    currency="text",
    terms="jsonb",
    penalty_pct_per_day="numeric",
    security_rank="smallint",
    allocation="text",
    recorded_day="date",
    recorded_at="timestamptz",
)
_COLUMNS = (
    "contract_id, entity, reference, customer_id, customer_number, currency, terms, penalty_pct_per_day, "
    "security_rank, allocation"
)
_FIND = text(f"""
    SELECT {_COLUMNS} FROM contract
    JOIN unnest(CAST(:entities AS text[]), CAST(:refs AS text[])) AS r(entity, reference) USING (entity, reference)
""")
_GET = text(f"SELECT {_COLUMNS} FROM contract WHERE contract_id = :contract_id")
_LIST = text(f"""
    SELECT {_COLUMNS} FROM contract
    WHERE (CAST(:after AS uuid) IS NULL OR (recorded_at, contract_id) > (
        SELECT recorded_at, contract_id FROM contract WHERE contract_id = :after
    )) AND (CAST(:customer_id AS uuid) IS NULL OR customer_id = :customer_id)
    ORDER BY recorded_at, contract_id LIMIT :limit
""")


async def find_contracts(
    connection: AsyncConnection, keys: Collection[tuple[str, str]]
) -> dict[tuple[str, str], Contract]:
    """Return the known ones of these contracts by entity and reference."""
    if not keys:
        return {}
    ordered = sorted(set(keys))
    parameters = {"entities": [entity for entity, _ in ordered], "refs": [reference for _, reference in ordered]}
    return {(row.entity, row.reference): _contract(row) for row in await connection.execute(_FIND, parameters)}


async def get_contract(connection: AsyncConnection, contract_id: UUID) -> Contract | None:
    """Return one contract."""
    row = (await connection.execute(_GET, {"contract_id": contract_id})).one_or_none()
    return _contract(row) if row else None


async def list_contracts(
    connection: AsyncConnection, *, customer_id: UUID | None, after: UUID | None, limit: int
) -> list[Contract]:
    """Return contracts behind `after` in the order of recording, of one customer where he is named."""
    parameters = {"customer_id": customer_id, "after": after, "limit": limit}
    return [_contract(row) for row in await connection.execute(_LIST, parameters)]


async def insert_contracts(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """Record new contracts."""
    await insert_rows(connection, _CONTRACT, rows)


def terms_as_json(terms: Terms) -> dict[str, Any]:
    """Return the terms as they are written in JSON, here and on the wire."""
    match terms:
        case NetDays(days):
            return {"kind": "net", "days": days}
        case EndOfMonth(days):
            return {"kind": "end_of_month", "days": days}
        case FixedDay(day, months):
            return {"kind": "fixed_day", "day": day, "months": months}


def _terms(document: dict[str, Any]) -> Terms:
    if document["kind"] == "fixed_day":
        return FixedDay(document["day"], document["months"])
    return NetDays(document["days"]) if document["kind"] == "net" else EndOfMonth(document["days"])


def _contract(row: Any) -> Contract:
    return Contract(**{**row._mapping, "terms": _terms(row.terms)})  # noqa: SLF001 - its public name
