"""Publishes the outbox: numbers rows and commits, sends them in that order, and marks what the broker has (P4).

A number, its `sequence`, once assigned to a row is never given to another. After any failure sending starts again at
the first row that was not acknowledged, with a new client; consumers skip what they have already seen. So nothing is
lost and order is kept.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Sequence

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.crash import crash_point
from shared.messaging import metrics, pruning, stream_store
from shared.messaging.agreement import StreamConflict, agree_with_topic
from shared.messaging.kafka import KafkaAway, Place
from shared.messaging.leadership import leader_agreed, leading, say_agreed, staying
from shared.messaging.sending import Sending
from shared.messaging.topic_length import TopicLength, TopicShrank
from shared.messaging.wake import OUTBOX, Wake

POLL_SECONDS = 1.0
RETRY_SECONDS = 1.0
PRUNE_EVERY_SECONDS = 3_600

log = structlog.get_logger(__name__)


class Relay:
    """One leader per service, by an advisory lock on the connection that numbers the rows."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        bootstrap: str,
        topic: str,
        source: str,
        partitions: int,
        wake: Wake,
        ends: Callable[[Collection[Place]], Awaitable[dict[Place, int]]],
    ) -> None:
        self._engine = engine
        self._bootstrap = bootstrap
        self._topic = topic
        self._partitions = partitions
        self._wake = wake
        self._length = TopicLength(topic, ends)
        self.sending = Sending(bootstrap, topic, source)
        self._behind = True
        self.leading = False
        self.conflict: str | None = None
        self.agrees: bool | None = None

    async def run(self) -> None:
        """Lead whenever no other worker does, for ever; whatever fails is tried again from the database's state."""
        while True:
            try:
                async with self._engine.connect() as connection:
                    await self._lead(connection)
            except StreamConflict as error:
                self.conflict, self.agrees = str(error), False
                log.error("relay.conflict", topic=self._topic, reason=self.conflict)  # noqa: TRY400 - the sentence says all
            except (KafkaAway, SQLAlchemyError, OSError) as error:
                self._doubt()
                log.warning("relay.retry", topic=self._topic, reason=f"{type(error).__name__}: {error}"[:300])
            finally:
                self.leading = False
                await self.sending.drop()
            await asyncio.sleep(RETRY_SECONDS)

    async def _lead(self, connection: AsyncConnection) -> None:
        # Each statement commits by itself: what is sent was numbered and committed before.
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        async with leading(connection) as alone:
            await self._tell_age(connection)
            if not alone:
                await self._follow(connection)
                return
            self._doubt()
            await stream_store.ensure_heads(connection, self._partitions)
            await self._agree(connection)
            await say_agreed(connection)
            self.leading, self.conflict, self.agrees, self._behind = True, None, True, True
            log.info("relay.leading", topic=self._topic)
            await self._publish_for_ever(connection)

    async def _agree(self, connection: AsyncConnection) -> None:
        self._length.begin(await agree_with_topic(connection, self._bootstrap, self._topic))

    async def _follow(self, connection: AsyncConnection) -> None:
        """Believe a leader who publishes; one who still compares, for as long as Kafka takes, says nothing yet."""
        if await leader_agreed(connection):
            self.conflict, self.agrees = None, True
        else:
            self._doubt()

    def _doubt(self) -> None:
        """Believe no more that all agrees: whatever comes next may be another database, restored in the meantime."""
        self.agrees = None if self.agrees else self.agrees

    async def _publish_for_ever(self, connection: AsyncConnection) -> None:
        prune_at = 0.0
        while True:
            if await self._length.look():
                self._behind = True  # a person may have asked that rows be sent again
                await self._tell_age(connection)
                if self._length.has_others:
                    await self._agree(connection)
            sent = await self.publish_once(connection)
            metrics.published.labels(self._topic).inc(sent)
            if time.monotonic() >= prune_at and not await pruning.prune(connection):
                prune_at = time.monotonic() + PRUNE_EVERY_SECONDS
            if sent < stream_store.ASSIGN_LIMIT and not self._behind:
                # What was committed meanwhile has woken us already: then this does not wait.
                await self._wake.wait(OUTBOX, seconds=POLL_SECONDS)

    async def publish_once(self, connection: AsyncConnection) -> int:
        """Number what is new, send what the broker does not have, mark it; return how many records were sent."""
        numbered = await stream_store.assign(connection)
        self._behind = self._behind or numbered > 0
        rows = await stream_store.unacknowledged(connection, max_bytes=self.sending.max_bytes) if self._behind else []
        if not rows:
            self._behind = False
            metrics.outbox_age.labels(self._topic).set(0)
            return 0
        crash_point("relay.after_assign")
        async with staying(connection, speak=self._tell_age):
            offsets = await self.sending.send(rows)
        crash_point("relay.after_ack")
        await self._note_length(connection, [(row.partition_no, at) for row, at in zip(rows, offsets, strict=True)])
        await stream_store.note_withheld(connection, rows, self.sending.withheld)
        self._behind = not await stream_store.mark_acknowledged(connection, rows)
        return len(rows)

    async def _note_length(self, connection: AsyncConnection, landed: Sequence[tuple[int, int]]) -> None:
        """Where records landed before the topic's former end, let all that is kept be sent again."""
        if shrunk := self._length.note(landed):
            await stream_store.send_behind(connection, dict.fromkeys(shrunk, 0))
            msg = f"{self._topic} became shorter while it was written to, in partitions {sorted(shrunk)}"
            raise TopicShrank(msg)

    async def _tell_age(self, connection: AsyncConnection) -> None:
        """Show how long the oldest event waits: whoever leads, and whatever keeps it from being sent."""
        metrics.outbox_age.labels(self._topic).set(await stream_store.oldest_waiting_seconds(connection))
