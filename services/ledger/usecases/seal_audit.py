"""Seals audit records into the chain of their partition, behind the transactions that made them (L17).

No request waits for a chain: a record that commits late is sealed late, so the order of a chain is that of sealing.
"""

from collections.abc import Mapping
from itertools import groupby
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.store import audit_chain
from shared.hash_chain import Head, extend
from shared.rows import Row

BATCH = 1_000


class Sealed(NamedTuple):
    """How many records were sealed, and the new heads of their partitions."""

    records: int
    heads: Mapping[int, Head]


async def seal_audit(connection: AsyncConnection) -> Sealed:
    """Seal the oldest records that wait, or none where another worker is at it."""
    if not await audit_chain.may_seal(connection):
        return Sealed(0, {})
    # In a stable order, so that records of one partition stay in that of their ids.
    waiting = sorted(await audit_chain.unsealed_records(connection, limit=BATCH), key=lambda each: each["partition_no"])
    heads = await audit_chain.chain_heads(connection, {each["partition_no"] for each in waiting})
    seals: list[Row] = []
    for partition_no, group in groupby(waiting, key=lambda each: each["partition_no"]):
        records = list(group)
        links = extend(heads.get(partition_no, Head()), records)
        heads[partition_no] = links[-1]
        seals += [
            {"id": record["id"], "chain_number": link.number, "chain_hash": link.hash}
            for record, link in zip(records, links, strict=True)
        ]
    await audit_chain.save_seals(connection, seals)
    return Sealed(len(seals), heads)
