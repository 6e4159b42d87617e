"""Writes events into the outbox, in the transaction that makes them true."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, event, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.ids import partition_of
from shared.messaging import metrics
from shared.messaging.outgoing import Outgoing
from shared.rows import Rows, insert_missing, insert_rows

MAX_EVENT_BYTES = 900_000
"""Below the broker's limit of 1 MiB with its headers; a larger event is refused before it is written (faults 2.19)."""

_APPENDED = "outbox.appended"
"""The entry of a connection's info that says how many events of each type its transaction has to publish."""

OUTBOX = Rows.of(
    "outbox",
    key=("batch_ordinal",),
    batch_ordinal="integer",
    event_id="uuid",
    wire="text",
    partition_no="smallint",
    customer_id="uuid",
    subject="text",
    recorded_at="timestamptz",
    business_date="date",
    effective_date="date",
    correlation_id="text",
    causation_id="uuid",
    actor="text",
    traceparent="text",
    body="text",
)

_TOLD_BEFORE = text(
    """
    SELECT count(*) FROM outbox AS o JOIN stream_head AS h USING (partition_no)
    WHERE o.event_id = ANY(CAST(:event_ids AS uuid[])) AND o.epoch < h.epoch
    """
)


def appended_in(connection: AsyncConnection) -> int:
    """Return how many events this transaction has appended so far."""
    return sum(connection.info.get(_APPENDED, {}).values())


def count_appended(engine: AsyncEngine, topic: str) -> None:
    """Count what transactions on `engine` publish on `topic` when they commit."""

    def commit(connection: Connection) -> None:
        appended: Counter[str] = connection.info.pop(_APPENDED, Counter())
        metrics.appended.labels(topic).inc(appended.total())
        for wire, number in appended.items():
            metrics.facts.labels(wire).inc(number)

    def rollback(connection: Connection) -> None:
        # What a lost connection knew has gone with it, and asking it would hide the loss behind another error.
        if not connection.invalidated:
            connection.info.pop(_APPENDED, None)

    event.listen(engine.sync_engine, "commit", commit)
    event.listen(engine.sync_engine, "rollback", rollback)


class EventTooLarge(ValueError):
    """One event's body is over the limit; the fact must be split into several."""


@dataclass(frozen=True, slots=True)
class Outbox:
    """The outgoing side of one service: its partitions decide where each customer's events go."""

    partitions: int

    async def append(self, connection: AsyncConnection, events: Sequence[Outgoing]) -> None:
        """Write `events` in their order. The customers must be locked already, so that ids follow commit order.

        A restored service makes again what it told before (shared/messaging/new_epoch.py): that stays told, and is told
        once. Any other event whose id is there already is an IntegrityError.
        """
        connection.info.setdefault(_APPENDED, Counter()).update(each.event.wire for each in events)
        rows = [self._row(ordinal, each) for ordinal, each in enumerate(events)]
        missing = len(rows) - await insert_missing(connection, OUTBOX, rows)
        if missing and missing != await _told_before(connection, rows):
            await insert_rows(connection, OUTBOX, rows)

    def _row(self, ordinal: int, outgoing: Outgoing) -> dict[str, Any]:
        body = outgoing.event.model_dump_json()
        if len(body.encode()) > MAX_EVENT_BYTES:
            msg = f"{outgoing.event.wire} has {len(body.encode())} bytes, the limit is {MAX_EVENT_BYTES}"
            raise EventTooLarge(msg)
        cause = outgoing.cause
        return {
            "batch_ordinal": ordinal,
            "event_id": outgoing.event_id,
            "wire": outgoing.event.wire,
            "partition_no": self._partition(outgoing),
            "customer_id": outgoing.customer_id,
            "subject": outgoing.subject,
            "recorded_at": cause.recorded_at,
            "business_date": cause.business_date,
            "effective_date": outgoing.effective_date,
            "correlation_id": cause.correlation_id,
            "causation_id": cause.cause_id,
            "actor": cause.actor,
            "traceparent": cause.traceparent,
            "body": body,
        }

    def _partition(self, outgoing: Outgoing) -> int:
        if outgoing.customer_id is not None:
            return partition_of(outgoing.customer_id, self.partitions)
        if outgoing.partition_no is None:
            msg = f"{outgoing.event.wire} names neither a customer nor a partition"
            raise ValueError(msg)
        return outgoing.partition_no


async def _told_before(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> int:
    event_ids = [row["event_id"] for row in rows]
    return int((await connection.execute(_TOLD_BEFORE, {"event_ids": event_ids})).scalar_one())
