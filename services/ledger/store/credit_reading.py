"""Payments and credit notes as they are listed."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.domain.credit import Credit, Kind
from services.ledger.store.credits import load_credits

_COLUMNS = {"payment": ("payment_id", "reference"), "credit_note": ("credit_note_id", "number")}


async def list_credits(
    connection: AsyncConnection,
    kind: Kind,
    *,
    customer_id: UUID | None,
    entity: str | None,
    number: str | None,
    after: UUID | None,
    limit: int,
) -> list[Credit]:
    """Return payments or credit notes behind `after` in the order of recording; `number` is a payment's reference."""
    id_column, number_column = _COLUMNS[kind]
    behind = f"(recorded_at, {id_column}) > (SELECT recorded_at, {id_column} FROM {kind} WHERE {id_column} = :after)"
    query = f"""
        SELECT {id_column} FROM {kind}
        WHERE {behind if after else "true"}
          AND (CAST(:customer_id AS uuid) IS NULL OR customer_id = :customer_id)
          AND (CAST(:entity AS text) IS NULL OR entity = :entity)
          AND (CAST(:number AS text) IS NULL OR {number_column} = :number)
        ORDER BY recorded_at, {id_column} LIMIT :limit
    """
    parameters = {"customer_id": customer_id, "entity": entity, "number": number, "limit": limit}
    parameters |= {"after": after} if after else {}
    ids = list((await connection.execute(text(query), parameters)).scalars())
    known = await load_credits(connection, ids)
    return [known[each] for each in ids]
