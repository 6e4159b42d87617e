"""The audit's chains in the database: what is not sealed yet, where each chain ends, and the seals themselves (L17)."""

from collections.abc import Collection, Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.hash_chain import Head, Record
from shared.rows import Row, Rows, update_rows

SEALER_LOCK = 7_301_006

# The details as PostgreSQL writes them: each has one text, and no number loses a digit on the way.
_UNSEALED = text("""
    SELECT id, partition_no, customer_id, actor, action, subject, CAST(details AS text) AS details, effective_date,
        business_date, recorded_at, correlation_id
    FROM audit_record WHERE chain_number IS NULL ORDER BY id LIMIT :limit
""")
_HEADS = text("""
    SELECT p.partition_no, h.chain_number, h.chain_hash FROM unnest(CAST(:partitions AS smallint[])) AS p(partition_no)
    CROSS JOIN LATERAL (
        SELECT chain_number, chain_hash FROM audit_record AS a
        WHERE a.partition_no = p.partition_no AND chain_number IS NOT NULL ORDER BY chain_number DESC LIMIT 1
    ) AS h
""")
_OLDEST = text("""
    SELECT extract(epoch FROM now() - recorded_at) FROM audit_record WHERE chain_number IS NULL ORDER BY id LIMIT 1
""")
_TRY = text("SELECT pg_try_advisory_xact_lock(:lock)")
_SEAL = Rows.of("audit_record", key=("id",), id="bigint", chain_number="bigint", chain_hash="bytea")


async def may_seal(connection: AsyncConnection) -> bool:
    """Whether this transaction is the one that seals now, and no other worker is at it."""
    return bool((await connection.execute(_TRY, {"lock": SEALER_LOCK})).scalar_one())


async def unsealed_records(connection: AsyncConnection, *, limit: int) -> list[Record]:
    """Return the oldest records that no chain holds yet."""
    return [dict(row) for row in (await connection.execute(_UNSEALED, {"limit": limit})).mappings()]


async def chain_heads(connection: AsyncConnection, partitions: Collection[int]) -> dict[int, Head]:
    """Return where the chains of these partitions end; one that has not begun is left out."""
    rows = await connection.execute(_HEADS, {"partitions": sorted(partitions)})
    return {row.partition_no: Head(row.chain_number, row.chain_hash) for row in rows}


async def save_seals(connection: AsyncConnection, seals: Sequence[Row]) -> None:
    """Write each record's number and hash; the database refuses to do so twice."""
    await update_rows(connection, _SEAL, seals)


async def oldest_unsealed_seconds(connection: AsyncConnection) -> float | None:
    """Return how long the oldest record waits for its seal; None where none does."""
    waiting = (await connection.execute(_OLDEST)).scalar_one_or_none()
    return None if waiting is None else float(waiting)
