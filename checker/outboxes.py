"""Whether Kafka has every event of each outbox, in order and unchanged, and no event that no outbox knows."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from checker.findings import Check, Finding
from checker.histories import History, Told, place_of
from checker.snapshot import Snapshot

_SAID = (
    *("event_id", "wire", "subject", "recorded_at", "business_date", "effective_date", "customer_id"),
    *("correlation_id", "causation_id", "actor", "traceparent", "epoch", "sequence", "previous_id"),
)
_OUTBOX = f"""
    SELECT {", ".join(_SAID)}, partition_no, withheld,
        coalesce(CAST(customer_id AS text), CAST(partition_no AS text)) AS key,
        encode(sha256(convert_to(body, 'UTF8')), 'hex') AS body_sha256
    FROM outbox
"""
_ACKNOWLEDGED = "SELECT partition_no, epoch, acknowledged_sequence FROM stream_head"

IN_ORDER = Check(
    name="topic-in-order",
    invariant="11",
    sentence="In each topic every number follows the one before, and every copy of an event is byte-equal.",
)
PUBLISHED = Check(
    name="outbox-published",
    invariant="8",
    sentence="Every event that Kafka acknowledged is in its topic, as its outbox row has it: id, key, body and all.",
)
NO_GHOST = Check(
    name="no-ghost",
    invariant="9",
    sentence="No topic has an event that its outbox does not know.",
)
Acknowledged = Mapping[int, tuple[int, int]]
"""By partition: the epoch, and the last number in it that Kafka has."""


async def acknowledged(snapshot: Snapshot) -> Acknowledged:
    """Return what Kafka must have by now; to be asked before the topic is read."""
    return {row.partition_no: (row.epoch, row.acknowledged_sequence) for row in await snapshot.rows(_ACKNOWLEDGED)}


async def outbox_rows(snapshot: Snapshot) -> list[Row[Any]]:
    """Return the outbox, numbered or not; to be asked after the topic was read."""
    return await snapshot.rows(_OUTBOX)


def compare_outbox(history: History, rows: list[Row[Any]], before: Acknowledged) -> list[Finding]:
    """Return whether the topic has all that was acknowledged `before` it was read, and nothing that `rows` lack."""
    told = {
        (partition_no, each.envelope.epoch, each.envelope.sequence): each
        for partition_no, events in history.partitions.items()
        for each in events
    }
    kept = {(row.partition_no, row.epoch, row.sequence): row for row in rows if row.sequence is not None}
    due = {place: row for place, row in kept.items() if place[1:] <= before.get(place[0], (0, 0))}
    # Below the oldest row that is kept, rows were pruned, but for what was withheld, and nothing can be said.
    alone = {place[0]: place[1:] for place in sorted(kept) if kept[place].withheld}
    oldest = alone | {place[0]: place[1:] for place in sorted(kept, reverse=True) if not kept[place].withheld}
    known = {place: each for place, each in told.items() if place[1:] >= oldest.get(place[0], (1, 1))}
    missing = [_named(history, place) for place, row in due.items() if not _same(told.get(place), row)]
    ghosts = [_named(history, place) for place, each in known.items() if not _same(each, kept.get(place))]
    return [
        PUBLISHED.found(compared=len(due), differences=missing),
        NO_GHOST.found(compared=len(known), differences=ghosts),
    ]


def check_order(histories: Mapping[str, History]) -> Finding:
    """Return what is wrong with the records of all topics."""
    wrong = [
        each
        for history in histories.values()
        for each in (*map(place_of, history.unreadable), *history.unlike_copies, *history.holes)
    ]
    return IN_ORDER.found(compared=sum(history.count() for history in histories.values()), differences=wrong)


def _same(told: Told | None, row: Row[Any] | None) -> bool:
    return (
        told is not None
        and row is not None
        and (told.key, told.body_sha256) == (row.key.encode(), row.body_sha256)
        and all(getattr(told.envelope, name) == getattr(row, name) for name in _SAID)
    )


def _named(history: History, place: tuple[int, int, int]) -> str:
    return f"{history.service}/{place[0]} epoch {place[1]} number {place[2]}"
