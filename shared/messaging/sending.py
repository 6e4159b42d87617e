"""Sends numbered rows to Kafka; in the place of one that the broker refuses for its size goes a record without body."""

from collections.abc import Sequence
from typing import Any

import structlog
from sqlalchemy import Row

from shared.messaging import metrics, stream_store
from shared.messaging.envelope import Envelope, to_headers
from shared.messaging.kafka import KafkaAway, Record, StreamProducer, TooLarge

log = structlog.get_logger(__name__)


class Sending:
    """A relay's way to its topic, made when there is something to send and dropped after any failure."""

    def __init__(self, bootstrap: str, topic: str, source: str) -> None:
        self._bootstrap = bootstrap
        self._topic = topic
        self._source = source
        self._producer: StreamProducer | None = None
        self.max_bytes = stream_store.SEND_BYTES
        """How much of each partition to send at once: after a failure less, so that a slow line takes it in time."""

        self.withheld: set[int] = set()
        """The ids of the rows that went without their bodies when it was last sent."""

    async def send(self, rows: Sequence[Row[Any]]) -> list[int]:
        """Return the offset of each row's record."""
        self.withheld = set()
        try:
            offsets = await self._send(rows)
        except KafkaAway:
            self.max_bytes //= 2
            raise
        self.max_bytes = min(2 * self.max_bytes + 1, stream_store.SEND_BYTES)
        return offsets

    async def _send(self, rows: Sequence[Row[Any]]) -> list[int]:
        """Where the broker refuses a record for its size, send each alone."""
        try:
            return await (await self._open()).send([self.record(row) for row in rows])
        except TooLarge:
            await self.drop()
            return [await self._send_alone(row) for row in rows]

    async def _send_alone(self, row: Row[Any]) -> int:
        try:
            [offset] = await (await self._open()).send([self.record(row)])
        except TooLarge as error:
            await self.drop()
            [offset] = await (await self._open()).send([self.record(row, whole=False)])
            self.withheld.add(row.id)
            metrics.withheld.labels(self._topic).inc()
            place = {"topic": self._topic, "partition": row.partition_no, "sequence": row.sequence}
            log.error("relay.withheld", **place, reason=str(error))  # noqa: TRY400 - the sentence says all
        return offset

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

    async def drop(self) -> None:
        """Close without flushing; the next sending makes a client of its own."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.drop()

    async def _open(self) -> StreamProducer:
        if self._producer is None:
            self._producer = StreamProducer(self._bootstrap, client=f"relay-{self._topic}")
            await self._producer.start()
        return self._producer
