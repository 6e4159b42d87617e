"""What a claim reads: which messages are due, how far each partition has heard, which keys are taken (N5)."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.domain.decision import LineKey, MessageKey, Said
from services.notifications.domain.message import Message
from services.notifications.store.messages import MESSAGE, message_of

# Seven days in a row may begin six days before a message; and when a business day comes first in Auckland, it is two
# dates earlier in Honolulu.
_WEEK_BEFORE = timedelta(days=6 + 2)

# What the topic told of a message before a restore is followed first (usecases/take_told.py).
_IS_DUE = """
    m.state IN ('released', 'retrying') AND m.due_at <= :now
    AND NOT EXISTS (SELECT FROM told_message AS t WHERE t.message_id = m.message_id)
"""
_DUE = f"""
    FROM message AS m JOIN customer AS c ON c.customer_id = m.customer_id WHERE {_IS_DUE} AND c.parked_at IS NULL
"""
_DUE_PARTITIONS = text(
    f"""
    SELECT DISTINCT m.partition_no {_DUE}
      AND EXISTS (SELECT FROM day_seen AS d WHERE d.partition_no = m.partition_no AND d.work_day >= :today)
    """
)
_DUE_CUSTOMERS = text(
    f"""
    SELECT m.customer_id {_DUE} AND m.partition_no = ANY(CAST(:partitions AS smallint[]))
    GROUP BY m.customer_id ORDER BY min(m.due_at), m.customer_id LIMIT :limit
    """
)
# A customer's messages in the order in which they may use up his caps; ids are drawn anew wherever a year is lived
# again, so they decide only where nothing else does.
_DUE_MESSAGES = text(
    MESSAGE
    + f"""
    WHERE m.customer_id = ANY(CAST(:customers AS uuid[])) AND {_IS_DUE}
    ORDER BY m.customer_id, m.formal DESC, m.planned_date, m.purpose DESC, m.step, m.entity, m.channel,
             m.message_id
    """
)
_POSTPONE = text(
    """
    UPDATE message SET due_at = :until, reason = 'cannot_be_claimed'
    WHERE customer_id = :customer_id AND state IN ('released', 'retrying') AND due_at < :until
    """
)
_STANDINGS = text(
    """
    SELECT p.topic, p.partition_no, p.next_offset, p.stopped_at IS NOT NULL AS stopped
    FROM stream_position AS p WHERE p.partition_no = ANY(CAST(:partitions AS smallint[]))
    """
)
_HELD_MESSAGES = text(
    """
    SELECT customer_id, reminder_id, channel, entity, purpose, step, planned_date, civil_date FROM message
    WHERE customer_id = ANY(CAST(:customers AS uuid[])) AND state IN ('claimed', 'sent', 'unknown')
      AND (civil_date >= :since OR planned_date = ANY(CAST(:planned AS date[])))
    """
)
_HELD_LINES = text(
    """
    SELECT channel, instalment_id, step, episode FROM message_line
    WHERE holds AND step IS NOT NULL AND instalment_id = ANY(CAST(:instalments AS uuid[]))
    """
)


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a partition of a topic is applied, and whether it is stopped."""

    next_offset: int
    stopped: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """The keys that claimed, sent and unknown messages hold, and which reminder spoke on which date, by customer."""

    message_keys: Mapping[UUID, Collection[MessageKey]]
    said: Mapping[UUID, Collection[Said]]
    line_keys: Collection[LineKey]


async def due_partitions(connection: AsyncConnection, *, now: datetime, today: date) -> list[int]:
    """Return the partitions in which a message is due and the work of `today` or a later day has begun."""
    return list((await connection.execute(_DUE_PARTITIONS, {"now": now, "today": today})).scalars())


async def due_customers(
    connection: AsyncConnection, *, partitions: Sequence[int], now: datetime, limit: int
) -> list[UUID]:
    """Return customers with a due message, who waited longest first."""
    parameters = {"partitions": partitions, "now": now, "limit": limit}
    return list((await connection.execute(_DUE_CUSTOMERS, parameters)).scalars())


async def due_messages(connection: AsyncConnection, *, customers: Sequence[UUID], now: datetime) -> list[Message]:
    """Return the due messages of locked customers, by customer, formal ones first."""
    rows = await connection.execute(_DUE_MESSAGES, {"customers": customers, "now": now})
    return [message_of(row) for row in rows]


async def postpone(connection: AsyncConnection, customer_id: UUID, *, until: datetime) -> None:
    """Look at a customer's due messages again at `until`."""
    await connection.execute(_POSTPONE, {"customer_id": customer_id, "until": until})


async def read_standings(connection: AsyncConnection, *, partitions: Collection[int]) -> dict[int, dict[str, Standing]]:
    """Return how far these partitions are applied, by partition and topic."""
    found: defaultdict[int, dict[str, Standing]] = defaultdict(dict)
    for row in await connection.execute(_STANDINGS, {"partitions": sorted(partitions)}):
        found[row.partition_no][row.topic] = Standing(row.next_offset, row.stopped)
    return found


async def read_taken(connection: AsyncConnection, messages: Sequence[Message], *, earliest_day: date) -> Taken:
    """Return what earlier messages hold that these messages could collide with."""
    parameters = {
        "customers": sorted({each.customer_id for each in messages}),
        "since": earliest_day - _WEEK_BEFORE,
        "planned": sorted({each.planned_date for each in messages}),
    }
    keys: defaultdict[UUID, list[MessageKey]] = defaultdict(list)
    said: defaultdict[UUID, set[Said]] = defaultdict(set)
    for row in await connection.execute(_HELD_MESSAGES, parameters):
        keys[row.customer_id].append((row.channel, row.entity, row.purpose, row.step, row.planned_date))
        said[row.customer_id].add((row.reminder_id, row.civil_date))
    instalments = sorted({line.instalment_id for each in messages for line in each.lines})
    lines = await connection.execute(_HELD_LINES, {"instalments": instalments})
    return Taken(keys, said, {(row.channel, row.instalment_id, row.step, row.episode) for row in lines})
