"""Publishes the outbox: numbers rows and commits, sends them in that order, and marks what the broker has (P4).

A number once assigned is never given to another row. After any failure sending starts again at the first row that was
not acknowledged, with a new client; consumers skip what they have already seen. So nothing is lost and order is kept.
"""

import asyncio
from contextlib import suppress
from typing import Any

import structlog
from sqlalchemy import Row, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.crash import crash_point
from shared.messaging import metrics, stream_store
from shared.messaging.agreement import StreamConflict, agree_with_topic
from shared.messaging.envelope import Envelope, to_headers
from shared.messaging.kafka import KafkaAway, Record
from shared.messaging.sending import Sending
from shared.messaging.wake import OUTBOX, Wake

LEADER_LOCK = 7_301_002
POLL_SECONDS = 1.0
RETRY_SECONDS = 1.0
PRUNE_AFTER_DAYS = 14
PRUNE_EVERY_ROUNDS = 10_000

log = structlog.get_logger(__name__)


class Relay:
    """One leader per service, by an advisory lock on the connection that numbers the rows."""

    def __init__(
        self, *, engine: AsyncEngine, bootstrap: str, topic: str, source: str, partitions: int, wake: Wake
    ) -> None:
        self._engine = engine
        self._bootstrap = bootstrap
        self._topic = topic
        self._source = source
        self._partitions = partitions
        self._wake = wake
        self._sending = Sending(bootstrap, topic)
        self._behind = True
        self.leading = False
        self.conflict: str | None = None

    async def run(self) -> None:
        """Lead whenever no other worker does, for ever; whatever fails is tried again from the database's state."""
        while True:
            try:
                async with self._engine.connect() as connection:
                    await self._lead(connection)
            except StreamConflict as error:
                self.conflict = str(error)
                log.error("relay.conflict", topic=self._topic, reason=self.conflict)  # noqa: TRY400 - the sentence says all
            except (KafkaAway, SQLAlchemyError, OSError) as error:
                log.warning("relay.retry", topic=self._topic, reason=f"{type(error).__name__}: {error}"[:300])
            finally:
                self.leading = False
                await self._sending.drop()
            await asyncio.sleep(RETRY_SECONDS)

    async def _lead(self, connection: AsyncConnection) -> None:
        # Each statement commits by itself: what is sent was numbered and committed before.
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        if not (await connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": LEADER_LOCK})).scalar_one():
            return
        try:
            await stream_store.ensure_heads(connection, self._partitions)
            await self._tell_age(connection)
            await agree_with_topic(connection, self._bootstrap, self._topic)
            self.leading, self.conflict, self._behind = True, None, True
            log.info("relay.leading", topic=self._topic)
            await self._publish_for_ever(connection)
        finally:
            # The connection goes back to the pool: without this the lock would stay with it.
            with suppress(SQLAlchemyError, OSError):
                await connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": LEADER_LOCK})

    async def _publish_for_ever(self, connection: AsyncConnection) -> None:
        rounds = 0
        while True:
            sent = await self.publish_once(connection)
            metrics.published.labels(self._topic).inc(sent)
            rounds += 1
            if rounds % PRUNE_EVERY_ROUNDS == 0:
                await stream_store.prune(connection, days=PRUNE_AFTER_DAYS)
            if sent < stream_store.ASSIGN_LIMIT:
                # What was committed meanwhile has woken us already: then this does not wait.
                await self._wake.wait(OUTBOX, seconds=POLL_SECONDS)

    async def publish_once(self, connection: AsyncConnection) -> int:
        """Number what is new, send what the broker does not have, mark it; return how many records were sent."""
        numbered = await stream_store.assign(connection)
        # Where nothing failed, nothing new is nothing to send.
        self._behind = self._behind or numbered > 0
        rows = await stream_store.unacknowledged(connection) if self._behind else []
        if not rows:
            self._behind = False
            metrics.outbox_age.labels(self._topic).set(0)
            return 0
        crash_point("relay.after_assign")
        await self._sending.send(rows, self.record)
        crash_point("relay.after_ack")
        await stream_store.mark_acknowledged(connection, {row.partition_no: row.sequence for row in rows})
        self._behind = len(rows) >= stream_store.ASSIGN_LIMIT
        return len(rows)

    async def _tell_age(self, connection: AsyncConnection) -> None:
        """Show how long the oldest event waits, also while Kafka is away and nothing gets as far as being sent."""
        metrics.outbox_age.labels(self._topic).set(await stream_store.oldest_waiting_seconds(connection))

    def record(self, row: Row[Any], *, whole: bool = True) -> Record:
        """Return a numbered row as it goes to Kafka, `whole` or without its body."""
        body = row.body.encode()
        envelope = Envelope(
            event_id=row.event_id,
            wire=row.wire,
            source=self._source,
            subject=row.subject,
            recorded_at=row.recorded_at,
            business_date=row.business_date,
            effective_date=row.effective_date,
            customer_id=row.customer_id,
            correlation_id=row.correlation_id,
            causation_id=row.causation_id,
            actor=row.actor,
            traceparent=row.traceparent,
            epoch=row.epoch,
            sequence=row.sequence,
            previous_id=row.previous_id,
            withheld_bytes=None if whole else len(body),
        )
        key = str(row.customer_id or row.partition_no).encode()
        return Record(self._topic, row.partition_no, -1, to_headers(envelope), body if whole else None, key)
