"""Whether anything went to a person who had asked for nothing more (invariant 13)."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from checker.findings import Check, Finding
from checker.histories import History
from checker.snapshot import Snapshot
from shared.contracts.notifications import ContactOptedOut

OPT_OUTS = Check(
    name="opt-outs-kept",
    invariant="13",
    sentence="Nothing was sent to a person who had opted out of it.",
)
_ATTEMPTS = """
    SELECT a.message_id, a.attempt_no, a.contact_point_id, a.begun_at, m.purpose
    FROM attempt AS a JOIN message AS m USING (message_id)
"""
_BEFORE_DUE = "pre_due"
# An opting-out bears the time at which its request came; until that is committed, a message may still be claimed.
_IN_FLIGHT = timedelta(seconds=30)


async def read_attempts(snapshot: Snapshot) -> list[Row[Any]]:
    """Return what was sent, to whom and when; to be asked before the topics are read."""
    return await snapshot.rows(_ATTEMPTS)


def check_opt_outs(attempts: list[Row[Any]], notifications: History) -> Finding:
    """Hold each attempt to what its recipient had said last before it."""
    said: defaultdict[UUID, list[tuple[datetime, str]]] = defaultdict(list)
    for told in notifications.events(ContactOptedOut.wire):
        event = ContactOptedOut.model_validate_json(told.body)
        said[event.contact_point_id].append((told.envelope.recorded_at + _IN_FLIGHT, event.scope))
    differences = [
        f"message {row.message_id}, attempt {row.attempt_no}: contact {row.contact_point_id} had opted out"
        for row in attempts
        if _refused(said[row.contact_point_id], row)
    ]
    return OPT_OUTS.found(compared=len(attempts), differences=differences)


def _refused(said: list[tuple[datetime, str]], attempt: Row[Any]) -> bool:
    before = [each for each in said if each[0] < attempt.begun_at]
    return bool(before) and (max(before)[1] == "all" or attempt.purpose == _BEFORE_DUE)
