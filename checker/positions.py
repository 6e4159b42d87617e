"""Whether each reader stands where it says: at an event of the topic, having lost no record on the way there (10)."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from checker.findings import Check, Finding
from checker.histories import History
from checker.snapshot import Snapshot

STANDS = Check(
    name="position-in-topic",
    invariant="10",
    sentence="Every stored position names an event that its topic has there, and what is no event lies in quarantine.",
)
_STANDS = """
    SELECT p.topic, p.partition_no, p.epoch, p.sequence, p.last_event_id, p.next_offset, ARRAY(
        SELECT q.record_offset FROM quarantine AS q
        WHERE q.topic = p.topic AND q.partition_no = p.partition_no AND q.record_offset < p.next_offset ORDER BY 1
    ) AS quarantined
    FROM stream_position AS p ORDER BY p.topic, p.partition_no
"""


async def stored_positions(snapshot: Snapshot) -> list[Row[Any]]:
    """Return how far a service has read; to be asked before the topics are read."""
    return await snapshot.rows(_STANDS)


def check_positions(
    reader: str, positions: list[Row[Any]], histories: Mapping[str, History], *, topic_prefix: str
) -> Finding:
    """Hold each position to the topic, which was read later."""
    differences = [
        f"{reader} in {row.topic}/{row.partition_no}: {wrong}"
        for row in positions
        if (wrong := _wrong(row, histories[row.topic.removeprefix(topic_prefix)])) is not None
    ]
    return STANDS.found(compared=len(positions), differences=differences)


def _wrong(row: Row[Any], history: History) -> str | None:
    events = history.partitions.get(row.partition_no, [])
    here = {(each.envelope.epoch, each.envelope.sequence): each for each in events}.get((row.epoch, row.sequence))
    if row.sequence and (here is None or here.envelope.event_id != row.last_event_id):
        return f"the topic has no event {row.last_event_id} with number {row.sequence}"
    passed = [each.envelope for each in events if each.offset < row.next_offset]
    if any((each.epoch, each.sequence) > (row.epoch, row.sequence) for each in passed):
        return f"goes on at offset {row.next_offset}, behind events after number {row.sequence}"
    if row.next_offset > history.ends.get(row.partition_no, row.next_offset):
        return f"goes on at offset {row.next_offset}, beyond the end of the topic"
    unreadable = [each for each in history.unreadable_offsets(row.partition_no) if each < row.next_offset]
    if unreadable != list(row.quarantined):
        return f"passed {unreadable}, which are no events, and keeps {list(row.quarantined)} in quarantine"
    return None
