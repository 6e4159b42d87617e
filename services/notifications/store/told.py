"""The fates of messages that only the topic knew when a new epoch began, kept until each has been followed."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.domain.told import Told
from shared.contracts import notifications

_FATES = {
    notifications.MessageSent.wire: "sent",
    notifications.MessageFailed.wire: "failed",
    notifications.MessageWithheld.wire: "withheld",
    notifications.MessageOutcomeUnknown.wire: "unknown",
}
# What a person has decided since about a message is newer than what was told of it.
_NOTE = text(
    """
    WITH fact AS (
        SELECT CAST(body ->> 'message_id' AS uuid) AS message_id, wire, effective_date, recorded_at, epoch, sequence,
               body
        FROM (SELECT wire, effective_date, recorded_at, epoch, sequence, CAST(body AS jsonb) AS body FROM outbox
              WHERE sequence IS NOT NULL AND wire = ANY(CAST(:wires AS text[]) || CAST(:delivered AS text))) AS o
    )
    INSERT INTO told_message (message_id, fate, told_date, reason, contact_role, instalment_ids, arrived_date)
    SELECT DISTINCT ON (f.message_id) f.message_id, w.fate, f.effective_date, f.body ->> 'reason',
           f.body ->> 'contact_role', jsonb_path_query_array(f.body, '$.lines[*].instalment_id'),
           (SELECT min(CAST(d.body ->> 'arrived_date' AS date)) FROM fact AS d
            WHERE d.wire = :delivered AND d.message_id = f.message_id)
    FROM fact AS f
    JOIN unnest(CAST(:wires AS text[]), CAST(:fates AS text[])) AS w(wire, fate) USING (wire)
    LEFT JOIN message AS m USING (message_id)
    WHERE m.message_id IS NULL
       OR (m.state NOT IN ('sent', 'abandoned') AND f.recorded_at > coalesce(m.resolved_at, '-infinity'))
    ORDER BY f.message_id, f.epoch DESC, f.sequence DESC
    ON CONFLICT (message_id) DO UPDATE
    SET fate = excluded.fate, told_date = excluded.told_date, reason = excluded.reason,
        contact_role = excluded.contact_role, instalment_ids = excluded.instalment_ids,
        arrived_date = excluded.arrived_date
    """
)
_NEXT = text(
    """
    SELECT t.message_id, m.customer_id, t.fate, t.told_date, t.reason, t.contact_role, t.instalment_ids, t.arrived_date
    FROM told_message AS t JOIN message AS m USING (message_id) ORDER BY t.message_id LIMIT :limit
    """
)
_FORGET = text("DELETE FROM told_message WHERE message_id = ANY(CAST(:ids AS uuid[]))")


async def note_told(connection: AsyncConnection) -> None:
    """Keep what the outbox, which has taken over what the topic alone had, says of messages this database left open."""
    parameters = {
        "wires": list(_FATES),
        "fates": list(_FATES.values()),
        "delivered": notifications.MessageDelivered.wire,
    }
    await connection.execute(_NOTE, parameters)


async def next_told(connection: AsyncConnection, *, limit: int) -> list[Told]:
    """Return fates of messages that have been heard of (again)."""
    rows = await connection.execute(_NEXT, {"limit": limit})
    return [
        Told(**{**row._mapping, "instalment_ids": tuple(UUID(each) for each in row.instalment_ids)})  # noqa: SLF001 - SQLAlchemy's public name
        for row in rows
    ]


async def forget_told(connection: AsyncConnection, message_ids: Collection[UUID]) -> None:
    """Forget fates that have been followed."""
    await connection.execute(_FORGET, {"ids": sorted(message_ids)})
