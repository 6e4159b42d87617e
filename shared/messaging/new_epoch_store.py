"""The SQL of a new epoch: the outbox takes over what the topic holds, and the rest of it loses its numbers."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.messaging.envelope import Envelope
from shared.messaging.kafka import Record
from shared.messaging.outbox import OUTBOX
from shared.messaging.parking_store import text_of
from shared.rows import Rows, insert_missing, update_rows

Place = tuple[int, int]
"""An epoch and a sequence: where an event stands in its partition."""

_TOLD = Rows(
    "outbox", OUTBOX.key, (*OUTBOX.types, ("epoch", "integer"), ("sequence", "bigint"), ("previous_id", "uuid"))
)
_AS_TOLD = Rows("outbox", ("event_id",), tuple(each for each in _TOLD.types if each[0] not in OUTBOX.key))
_WITHHELD = Rows("outbox", ("event_id",), tuple(each for each in _AS_TOLD.types if each[0] != "body"))
_RECORDS = """
    unnest(CAST(:event_ids AS uuid[]), CAST(:epochs AS integer[]), CAST(:sequences AS bigint[]),
           CAST(:previous_ids AS uuid[])) AS r(event_id, epoch, sequence, previous_id)
"""
# Rows are pruned from the oldest on: what the topic has below the oldest row that is kept is known, and gone here.
# What was withheld stays behind alone.
_OLDEST_KEPT = text(
    "SELECT epoch, sequence FROM outbox WHERE partition_no = :partition_no AND sequence IS NOT NULL AND NOT withheld "
    "ORDER BY epoch, sequence LIMIT 1"
)
_FREE = text(
    f"""
    UPDATE outbox AS o SET epoch = NULL, sequence = NULL, previous_id = NULL FROM {_RECORDS}
    WHERE o.partition_no = :partition_no AND o.epoch = r.epoch AND o.sequence = r.sequence AND o.event_id <> r.event_id
    """
)
_MADE_AGAIN = text(
    f"""
    SELECT o.event_id FROM outbox AS o JOIN {_RECORDS} USING (event_id)
    WHERE (o.epoch, o.sequence) IS DISTINCT FROM (r.epoch, r.sequence)
    """
)
_UNTOLD = text(
    """
    UPDATE outbox SET epoch = NULL, sequence = NULL, previous_id = NULL
    WHERE partition_no = :partition_no AND epoch = :epoch AND sequence > :sequence
    """
)
_WAITING = text("SELECT count(*) FROM outbox WHERE partition_no = :partition_no AND sequence IS NULL")
# What was taken over is kept as long as what is acknowledged now: until then it may be made again.
_BEGIN = text(
    """
    WITH unmarked AS (DELETE FROM acknowledged_mark WHERE partition_no = :partition_no)
    UPDATE stream_head SET epoch = :epoch, sequence = 0, acknowledged_sequence = 0, last_event_id = NULL
    WHERE partition_no = :partition_no
    """
)


async def oldest_kept(connection: AsyncConnection, partition_no: int) -> Place | None:
    """Return the place of the oldest numbered row that is not pruned."""
    row = (await connection.execute(_OLDEST_KEPT, {"partition_no": partition_no})).one_or_none()
    return None if row is None else (row.epoch, row.sequence)


async def take_over(
    connection: AsyncConnection, partition_no: int, told: Sequence[tuple[Record, Envelope]], *, since: Place
) -> int:
    """Let every number that the topic uses be its event's; return how many events from `since` on are new here.

    What a handler made again, at another instant, is put down as it was told. What is missing is inserted before that:
    a handler that makes the same event meanwhile is waited for at its id, so that its row is seen afterwards.
    """
    parameters = {
        "partition_no": partition_no,
        "event_ids": [each.event_id for _, each in told],
        "epochs": [each.epoch for _, each in told],
        "sequences": [each.sequence for _, each in told],
        "previous_ids": [each.previous_id for _, each in told],
    }
    await connection.execute(_FREE, parameters)
    missing = [_row(*each) for each in told if (each[1].epoch, each[1].sequence) >= since]
    inserted = await insert_missing(connection, _TOLD, missing)
    made_again = set((await connection.execute(_MADE_AGAIN, parameters)).scalars())
    again = [each for each in told if each[1].event_id in made_again]
    whole = [_row(*each) for each in again if each[1].withheld_bytes is None]
    await update_rows(connection, _AS_TOLD, whole)
    await update_rows(connection, _WITHHELD, [_row(*each) for each in again if each[1].withheld_bytes is not None])
    return inserted


async def free_untold(connection: AsyncConnection, partition_no: int, *, last_told: Place) -> None:
    """Take their numbers from rows behind the last number that the topic has of this epoch."""
    epoch, sequence = last_told
    await connection.execute(_UNTOLD, {"partition_no": partition_no, "epoch": epoch, "sequence": sequence})


async def begin_epoch(connection: AsyncConnection, partition_no: int, epoch: int) -> int:
    """Let the partition's numbers start at 1 in a new epoch; return how many rows wait to be given one."""
    await connection.execute(_BEGIN, {"partition_no": partition_no, "epoch": epoch})
    return int((await connection.execute(_WAITING, {"partition_no": partition_no})).scalar_one())


def _row(record: Record, envelope: Envelope) -> dict[str, object]:
    return {
        "batch_ordinal": 0,
        "event_id": envelope.event_id,
        "wire": envelope.wire,
        "partition_no": record.partition_no,
        "customer_id": envelope.customer_id,
        "subject": envelope.subject,
        "recorded_at": envelope.recorded_at,
        "business_date": envelope.business_date,
        "effective_date": envelope.effective_date,
        "correlation_id": envelope.correlation_id,
        "causation_id": envelope.causation_id,
        "actor": envelope.actor,
        "traceparent": envelope.traceparent,
        "body": text_of(record.body),
        "epoch": envelope.epoch,
        "sequence": envelope.sequence,
        "previous_id": envelope.previous_id,
    }
