"""The worker's endless tasks that seal the audit within a second, and keep the heads of its chains in Kafka (L17)."""

import asyncio
from collections.abc import Mapping

import structlog
from prometheus_client import Gauge
from sqlalchemy.exc import SQLAlchemyError

from services.ledger.settings import LedgerSettings
from services.ledger.store import audit_chain
from services.ledger.usecases.seal_audit import BATCH, seal_audit
from shared.crash import crash_point
from shared.hash_chain import ANCHORS, Anchor, Head
from shared.messaging.kafka import KafkaAway, Record, StreamProducer
from shared.service import Context, topic_of

POLL_SECONDS = 0.5
AWAY_SECONDS = 2
ALARM_SECONDS = 60

UNSEALED = Gauge("dueflow_audit_unsealed_seconds", "Age of the oldest audit record that no chain holds yet")

log = structlog.get_logger(__name__)


class AuditKeeper:
    """Runs in each worker; what keeps two from sealing the same record is the database, never this object."""

    def __init__(self, context: Context) -> None:
        self._context = context
        settings: LedgerSettings = context.settings
        self._anchor_seconds = settings.audit_anchor_seconds
        self._bootstrap = settings.kafka_bootstrap
        self._topic = topic_of(settings, ANCHORS)
        self._heads: dict[int, Head] = {}
        self._kept: dict[int, Head] = {}

    async def check(self) -> None:
        """Raise while a record waits longer than a minute: then nobody seals."""
        waited = await self._oldest_seconds()
        if waited is not None and waited > ALARM_SECONDS:
            msg = f"an audit record has waited {waited:.0f} s for its seal"
            raise RuntimeError(msg)

    async def seal(self) -> None:
        """Seal for ever; while the database is away nothing new comes either."""
        while True:
            try:
                more = await self.seal_some()
            except (SQLAlchemyError, OSError) as error:
                log.warning("audit.not_sealed", reason=type(error).__name__)
                await asyncio.sleep(AWAY_SECONDS)
            else:
                if not more:
                    await asyncio.sleep(POLL_SECONDS)

    async def seal_some(self) -> bool:
        """Seal the oldest records that wait; return whether there may be more."""
        waited = await self._oldest_seconds()
        UNSEALED.set(waited or 0)
        if waited is None:
            return False
        async with self._context.engine.begin() as connection:
            sealed = await seal_audit(connection)
            crash_point("audit.before_commit")
        crash_point("audit.after_commit")
        self._heads |= sealed.heads
        return sealed.records == BATCH

    async def anchor(self) -> None:
        """Keep the heads that have moved, for ever."""
        while True:
            try:
                await self.anchor_moved()
            except (KafkaAway, SQLAlchemyError, OSError) as error:
                log.warning("audit.not_anchored", topic=self._topic, reason=f"{type(error).__name__}: {error}"[:300])
                await asyncio.sleep(min(self._anchor_seconds, AWAY_SECONDS))
            else:
                await asyncio.sleep(self._anchor_seconds)

    async def anchor_moved(self) -> None:
        """Keep the heads that have moved; at first all, because who sealed before may have died before keeping them."""
        if not self._kept:
            self._heads = await self._all_heads() | self._heads
        moved = {each: head for each, head in self._heads.items() if self._kept.get(each) != head}
        await self._keep(moved)
        self._kept |= moved

    async def _keep(self, heads: Mapping[int, Head]) -> None:
        if not heads:
            return
        at = self._context.clock.now().isoformat(timespec="seconds")
        producer = StreamProducer(self._bootstrap, client=f"audit-{self._topic}")
        try:
            await producer.start()
            await producer.send([self._record(each, heads[each], at) for each in sorted(heads)])
        finally:
            await producer.drop()

    def _record(self, partition_no: int, head: Head, at: str) -> Record:
        anchor = Anchor(partition_no=partition_no, number=head.number, hash=head.hash, anchored_at=at)
        return Record(self._topic, partition_no, -1, (), anchor.body(), str(partition_no).encode())

    async def _all_heads(self) -> dict[int, Head]:
        async with self._context.reading.connect() as connection:
            return await audit_chain.chain_heads(connection, range(self._context.partitions))

    async def _oldest_seconds(self) -> float | None:
        async with self._context.reading.connect() as connection:
            return await audit_chain.oldest_unsealed_seconds(connection)
