"""Finds out, before a new leader sends anything, whether its topic and its database still tell the same story (P4)."""

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.messaging import stream_store
from shared.messaging.envelope import BadEnvelope, from_headers
from shared.messaging.kafka import Record, TopicReader
from shared.messaging.stream_store import Head

log = structlog.get_logger(__name__)


class StreamConflict(RuntimeError):
    """The topic and this database do not fit each other; a person must decide (runbook on restored databases)."""


async def agree_with_topic(connection: AsyncConnection, bootstrap: str, topic: str) -> None:
    """Compare what was assigned and acknowledged with what each partition ends with, and note what follows from it.

    Topic ahead: the database was restored or copied, raise StreamConflict. Topic behind what was acknowledged: the
    broker lost its tail, so those rows are to be sent again under their numbers. Another number of partitions would
    put customers elsewhere than their history: StreamConflict.
    """
    last = await _last_records(bootstrap, topic)
    heads = await stream_store.heads(connection)
    if last.keys() != heads.keys():
        msg = (
            f"{topic} has {len(last)} partitions, this database numbers {len(heads)}: a customer's events would leave "
            "their order. Nothing is published; the number changes by moving to a new topic only."
        )
        raise StreamConflict(msg)
    resend: dict[int, int] = {}
    for partition_no, record in last.items():
        head = heads[partition_no]
        seen = 0 if record is None else _sequence_of(record, head)
        if seen > head.sequence:
            msg = (
                f"{topic}[{partition_no}] ends at sequence {seen}, but this database knows {head.sequence}: "
                "it was restored or copied. Nothing is published; follow docs/runbooks/restored-database.md."
            )
            raise StreamConflict(msg)
        if seen < head.acknowledged_sequence:
            log.error("relay.topic_lost_its_tail", topic=topic, partition=partition_no, seen=seen)
            resend[partition_no] = seen
    await stream_store.mark_acknowledged(connection, resend)


async def _last_records(bootstrap: str, topic: str) -> dict[int, Record | None]:
    reader = TopicReader(bootstrap, topic)
    try:
        await reader.start()
        return {partition_no: record for (_, partition_no), record in (await reader.last()).items()}
    finally:
        await reader.close()


def _sequence_of(record: Record, head: Head) -> int:
    place = f"{record.topic}[{record.partition_no}]"
    try:
        envelope = from_headers(record.headers)
    except BadEnvelope as error:
        msg = f"{place} ends with a record that is not ours: {error}"
        raise StreamConflict(msg) from error
    if envelope.epoch > head.epoch:
        msg = f"{place} is at epoch {envelope.epoch}, this database at {head.epoch}"
        raise StreamConflict(msg)
    return envelope.sequence if envelope.epoch == head.epoch else 0
