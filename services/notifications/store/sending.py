"""Whether messages are sent, and on which server that was decided: another one means a restored database."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# A copy of the database elsewhere has another identifier; a restore to a point in time, or a promotion, begins another
# timeline, which the name of the log being written tells at once.
_SERVER = """
    SELECT CAST(system_identifier AS text) AS system_identifier,
           left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) AS timeline
    FROM pg_control_system()
"""
_REMEMBER = text(
    f"INSERT INTO sending (system_identifier, timeline) {_SERVER} ON CONFLICT DO NOTHING"  # the first start
)
_READ = text(
    f"""
    SELECT s.muted_at, s.muted_reason, s.unmuted_at, s.unmuted_by, s.unmuted_reason,
           (s.system_identifier, s.timeline) IS DISTINCT FROM (n.system_identifier, n.timeline) AS elsewhere
    FROM sending AS s CROSS JOIN ({_SERVER}) AS n
    """
)
_MUTE = text(
    f"""
    UPDATE sending AS s SET muted_at = coalesce(s.muted_at, :at), muted_reason = coalesce(s.muted_reason, :reason),
        system_identifier = n.system_identifier, timeline = n.timeline
    FROM ({_SERVER}) AS n
    """
)
_UNMUTE = text(
    """
    UPDATE sending SET muted_at = NULL, muted_reason = NULL,
        unmuted_at = :at, unmuted_by = :actor, unmuted_reason = :reason
    WHERE muted_at IS NOT NULL
    """
)


@dataclass(frozen=True, slots=True)
class Sending:
    """Since when and why nothing is sent, who ended it last, and whether this is another server than was remembered."""

    muted_at: datetime | None
    muted_reason: str | None
    unmuted_at: datetime | None
    unmuted_by: str | None
    unmuted_reason: str | None
    elsewhere: bool


async def remember_server(connection: AsyncConnection) -> None:
    """Note the server at the very first start; later ones change nothing."""
    await connection.execute(_REMEMBER)


async def read_sending(connection: AsyncConnection) -> Sending | None:
    """Return whether messages are sent; None where no sender has ever started."""
    row = (await connection.execute(_READ)).one_or_none()
    return None if row is None else Sending(*row)


async def mute(connection: AsyncConnection, *, reason: str, at: datetime) -> None:
    """Send nothing from now on, and take this server for known; an earlier reason stays."""
    await connection.execute(_MUTE, {"reason": reason, "at": at})


async def unmute(connection: AsyncConnection, *, actor: str, reason: str, at: datetime) -> bool:
    """Send again; return whether nothing was sent before."""
    return (await connection.execute(_UNMUTE, {"actor": actor, "reason": reason, "at": at})).rowcount == 1
