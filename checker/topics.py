"""Holds the topics to the databases: to what these knew before the topics were read, and to what they know since."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from checker import causes, claims, markers, opt_outs, outboxes, positions
from checker.as_told import SaidRows, check_rows
from checker.copied_by_money import COPIED_BY_MONEY, DAYS
from checker.copied_by_work import COPIED_BY_WORK
from checker.findings import Finding
from checker.histories import History
from checker.sayings_of_books import BOOKS
from checker.sayings_of_credit import CREDIT
from checker.sayings_of_ledger import LEDGER
from checker.sayings_of_work import COLLECTIONS, NOTIFICATIONS
from checker.snapshot import Snapshot
from checker.telling import Telling, positions_in, set_aside_by, unread_rows
from checker.told import TALES, check_told, told_by

SAYINGS: Sequence[SaidRows] = (
    *LEDGER,
    *BOOKS,
    *CREDIT,
    *COLLECTIONS,
    *NOTIFICATIONS,
    *COPIED_BY_MONEY,
    *DAYS,
    *COPIED_BY_WORK,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What the topics must have if they are read afterwards: what was acknowledged, heard and claimed, by service."""

    acknowledged: Mapping[str, outboxes.Acknowledged]
    positions: Mapping[str, list[Row[Any]]]
    claims: list[claims.Claim]
    attempts: list[Row[Any]]


async def look_before(snapshots: Mapping[str, Snapshot], *, topic_prefix: str) -> Before:
    """Ask for all that the topics will be held to."""
    notifications = snapshots["notifications"]
    return Before(
        acknowledged={service: await outboxes.acknowledged(snapshot) for service, snapshot in snapshots.items()},
        positions={service: await positions.stored_positions(snapshot) for service, snapshot in snapshots.items()},
        claims=await claims.read_claims(notifications, topic_prefix=topic_prefix),
        attempts=await opt_outs.read_attempts(notifications),
    )


def check_topics(before: Before, histories: Mapping[str, History], *, topic_prefix: str) -> list[Finding]:
    """Return what the topics show by themselves, and of what was known before."""
    return [
        outboxes.check_order(histories),
        causes.check_causes(histories),
        markers.check_markers(histories),
        markers.check_overdue(histories["ledger"]),
        claims.check_claims(before.claims, histories),
        opt_outs.check_opt_outs(before.attempts, histories["notifications"]),
        *(
            positions.check_positions(reader, rows, histories, topic_prefix=topic_prefix)
            for reader, rows in before.positions.items()
        ),
    ]


async def check_outbox(snapshot: Snapshot, history: History, before: outboxes.Acknowledged) -> list[Finding]:
    """Compare a topic with its outbox and with what that service has recorded, both as of after it was read."""
    rows = await outboxes.outbox_rows(snapshot)
    told = await asyncio.to_thread(told_by, history, rows)
    return [
        *await asyncio.to_thread(outboxes.compare_outbox, history, rows, before),
        *[await check_told(tale, snapshot, told) for tale in TALES if tale.service == snapshot.service],
    ]


async def check_sayings(
    snapshots: Mapping[str, Snapshot],
    later: Mapping[str, Snapshot],
    histories: Mapping[str, History],
    *,
    topic_prefix: str,
) -> list[Finding]:
    """Hold rows to what was told of them; `later` are snapshots taken after, so that they have all that was heard."""
    told = {
        service: Telling(histories[service], await unread_rows(snapshot, histories[service]))
        for service, snapshot in snapshots.items()
    }
    after = {service: await unread_rows(snapshot, histories[service]) for service, snapshot in later.items()}
    heard: dict[tuple[str, str], Telling] = {}
    for reader, publisher in sorted({(each.service, each.publisher) for each in SAYINGS if each.publisher}):
        heard[reader, publisher] = Telling(
            histories[publisher],
            after[publisher],
            until=await positions_in(snapshots[reader], topic_prefix + publisher),
            set_aside=await set_aside_by(snapshots[reader]),
        )
    return [
        await check_rows(
            each, snapshots[each.service], heard[each.service, each.publisher] if each.publisher else told[each.service]
        )
        for each in SAYINGS
    ]
