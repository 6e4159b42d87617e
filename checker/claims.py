"""Whether any message spoke of a debt that was paid or at rest at the positions of its claim (invariant 13)."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from checker.books import Books
from checker.findings import Check, Finding
from checker.histories import History, Told
from checker.snapshot import Snapshot
from shared.contracts.event import catalogue

NOT_ABOUT_DEAD_DEBTS = Check(
    name="claimed-on-live-debts",
    invariant="13",
    sentence="No message spoke of a debt that was paid, disputed, promised or paused at the positions of its claim.",
)
PUBLISHERS = ("ledger", "collections")

_CLAIMS = """
    SELECT DISTINCT ON (m.message_id) m.message_id, m.customer_id, a.civil_date, CAST(a.positions AS text) AS positions,
        (SELECT CAST(json_object_agg(l.instalment_id, l.stated_minor) AS text) FROM message_line AS l
         WHERE l.message_id = m.message_id AND l.stated_minor IS NOT NULL) AS stated
    FROM message AS m JOIN attempt AS a USING (message_id)
    WHERE m.state IN ('claimed', 'sent', 'unknown')
    ORDER BY m.message_id, a.attempt_no DESC
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a message asked for, and how far each topic had been applied when it was decided on."""

    message_id: UUID
    customer_id: UUID
    civil_date: date
    offsets: tuple[int, ...]
    stated: Mapping[UUID, int]


async def read_claims(snapshot: Snapshot, *, topic_prefix: str) -> list[Claim]:
    """Return the last claim of every message that went or may have gone."""
    return [_claim(row, topic_prefix) for row in await snapshot.rows(_CLAIMS)]


def check_claims(claims: list[Claim], histories: Mapping[str, History]) -> Finding:
    """Tell each customer's books his events up to each claim's positions, and look at what was asked for."""
    streams = [_by_customer(histories[publisher]) for publisher in PUBLISHERS]
    by_customer: defaultdict[UUID, list[Claim]] = defaultdict(list)
    for claim in claims:
        by_customer[claim.customer_id].append(claim)
    differences = [
        f"message {claim.message_id}, {objection}"
        for customer_id, mine in by_customer.items()
        for claim, books in _replay(
            sorted(mine, key=lambda each: each.offsets), [each[customer_id] for each in streams]
        )
        for objection in books.objections(claim.stated, day=claim.civil_date)
    ]
    return NOT_ABOUT_DEAD_DEBTS.found(compared=len(claims), differences=differences)


def _replay(claims: list[Claim], streams: list[list[Told]]) -> Iterator[tuple[Claim, Books]]:
    books = Books()
    told = [0] * len(streams)
    types = catalogue()
    for claim in claims:
        for index, (stream, end) in enumerate(zip(streams, claim.offsets, strict=True)):
            while told[index] < len(stream) and stream[told[index]].offset < end:
                event = stream[told[index]]
                books.tell(types[event.envelope.wire].model_validate_json(event.body))
                told[index] += 1
        yield claim, books


def _by_customer(history: History) -> defaultdict[UUID, list[Told]]:
    found: defaultdict[UUID, list[Told]] = defaultdict(list)
    for each in history.whole():
        if each.envelope.customer_id is not None:
            found[each.envelope.customer_id].append(each)
    return found


def _claim(row: Any, topic_prefix: str) -> Claim:
    positions = json.loads(row.positions)
    offsets = tuple(int(positions[topic_prefix + publisher]) for publisher in PUBLISHERS)
    stated = {UUID(each): int(minor) for each, minor in json.loads(row.stated or "{}").items()}
    return Claim(row.message_id, row.customer_id, row.civil_date, offsets, stated)
