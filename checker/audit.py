"""Verifies the ledger's audit: every chain link by link, and against the anchors that are kept in Kafka (L17)."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from sqlalchemy import text

from checker.findings import Check, Finding
from checker.snapshot import Snapshot, take_snapshots
from shared.hash_chain import ANCHORS, Anchor, Breach, Head, Verification
from shared.messaging.topic_reader import TopicReader

UNSEALED_SECONDS = 60

_CHECK = Check(
    name="audit-chained",
    invariant="21",
    sentence="No audit record was edited, swapped or removed: chains are whole and agree with their anchors",
)
_SEALED = text("""
    SELECT chain_number, chain_hash, id, partition_no, customer_id, actor, action, subject,
        CAST(details AS text) AS details, effective_date, business_date, recorded_at, correlation_id
    FROM audit_record WHERE chain_number IS NOT NULL ORDER BY partition_no, chain_number
""")
_UNSEALED = f"""
    SELECT count(*) AS records, count(*) FILTER (WHERE recorded_at < now() - interval '{UNSEALED_SECONDS} s') AS late
    FROM audit_record WHERE chain_number IS NULL
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The chain of one partition: its head, and up to which number an anchor vouches for it."""

    partition_no: int
    head: Head
    anchored: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditVerdict:
    """What the chains of all partitions came to; `late` of the `unsealed` records wait longer than a minute."""

    chains: Sequence[Chain]
    anchors: int
    unsealed: int
    late: int
    breaches: Sequence[Breach]

    @property
    def records(self) -> int:
        """Return how many records the chains hold."""
        return sum(chain.head.number for chain in self.chains)

    @property
    def holds(self) -> bool:
        """Return whether nothing was touched, and nothing waits too long for its seal."""
        return not self.breaches and not self.late

    def finding(self) -> Finding:
        """Return the verdict as a line of the consistency check."""
        wrong = [
            f"partition {each.partition_no}, number {each.number}, record {each.record_id or 'none'}: {each.what}"
            for each in self.breaches
        ]
        if self.late:
            wrong.append(f"{self.late} records have waited more than {UNSEALED_SECONDS} s for their seal")
        return _CHECK.found(compared=self.records + self.unsealed, differences=wrong)


async def verify_audit(url: str, *, bootstrap: str, topic_prefix: str) -> AuditVerdict:
    """Verify the audit in the ledger's database at `url`."""
    # Before the snapshot: an anchor of later could speak of records that the snapshot does not show.
    anchors = await read_anchors(bootstrap, topic_prefix=topic_prefix)
    async with take_snapshots({"ledger": url}) as snapshots:
        return await verify_chains(snapshots["ledger"], anchors)


async def read_anchors(bootstrap: str, *, topic_prefix: str) -> list[Anchor]:
    """Return all anchors of this installation; raise ValueError where the topic holds something else."""
    reader = TopicReader(bootstrap, topic_prefix + ANCHORS)
    try:
        await reader.start()
        found = await reader.read_to_end()
    finally:
        await reader.close()
    return [Anchor.of(record.body or b"") for records in found.values() for record in records]


async def verify_chains(snapshot: Snapshot, anchors: Sequence[Anchor]) -> AuditVerdict:
    """Verify every chain of a database against anchors that were read before."""
    by_partition: dict[int, list[Anchor]] = {}
    for anchor in anchors:
        by_partition.setdefault(anchor.partition_no, []).append(anchor)
    chains = {each: Verification(each, of_it) for each, of_it in by_partition.items()}
    breaches = [breach async for breach in _read(snapshot, chains)]
    breaches += [breach for chain in chains.values() for breach in chain.end()]
    (waiting,) = await snapshot.rows(_UNSEALED)
    return AuditVerdict(
        chains=[
            Chain(partition_no=each, head=chain.head, anchored=chain.anchored) for each, chain in sorted(chains.items())
        ],
        anchors=len(anchors),
        unsealed=waiting.records,
        late=waiting.late,
        breaches=breaches,
    )


async def _read(snapshot: Snapshot, chains: dict[int, Verification]) -> AsyncIterator[Breach]:
    """Stream all records through the verification of their partition, so that any audit fits into memory."""
    async with snapshot.connection.stream(_SEALED) as rows:
        async for row in rows.mappings():
            record = dict(row)
            link = Head(record.pop("chain_number"), record.pop("chain_hash"))
            chain = chains.setdefault(record["partition_no"], Verification(record["partition_no"]))
            for breach in chain.read(link, record):
                yield breach
