"""Whether messages are sent, and on which server that was decided: another one means a restored database."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# A copy of the database elsewhere has another identifier; a restore to a point in time, or a promotion, begins another
# timeline, which the name of the log being written tells at once.
_SERVER = text(
    """
    SELECT CAST(system_identifier AS text) AS system_identifier,
           left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) AS timeline
    FROM pg_control_system()
    """
)
_REMEMBER = text(
    "INSERT INTO sending (system_identifier, timeline) VALUES (:system_identifier, :timeline) ON CONFLICT DO NOTHING"
)
_READ = text(
    "SELECT muted_at, muted_reason, unmuted_at, unmuted_by, unmuted_reason, system_identifier, timeline FROM sending"
)
_LOCK = text("SELECT FROM sending FOR UPDATE")
_MUTE = text(
    """
    UPDATE sending SET muted_at = coalesce(muted_at, :at), muted_reason = coalesce(muted_reason, :reason),
        system_identifier = :system_identifier, timeline = :timeline
    """
)
_UNMUTE = text(
    """
    UPDATE sending SET muted_at = NULL, muted_reason = NULL,
        unmuted_at = :at, unmuted_by = :actor, unmuted_reason = :reason
    WHERE muted_at IS NOT NULL
    """
)
_ASKED = "sending.server"
"""The entry of a connection's info that says to which server it leads."""


class Server(NamedTuple):
    """A server, and which of its histories it writes."""

    system_identifier: str
    timeline: str


@dataclass(frozen=True, slots=True)
class Sending:
    """Since when and why nothing is sent, who ended it last, and whether this is another server than was remembered."""

    muted_at: datetime | None
    muted_reason: str | None
    unmuted_at: datetime | None
    unmuted_by: str | None
    unmuted_reason: str | None
    elsewhere: bool


async def server_of(connection: AsyncConnection) -> Server:
    """Return the server at the other end, asked once for each connection: none outlives its server's history."""
    if _ASKED not in connection.info:
        connection.info[_ASKED] = Server(*(await connection.execute(_SERVER)).one())
    found: Server = connection.info[_ASKED]
    return found


async def remember_server(connection: AsyncConnection) -> None:
    """Note the server at the very first start; later ones change nothing."""
    await connection.execute(_REMEMBER, (await server_of(connection))._asdict())


async def read_sending(connection: AsyncConnection, *, lock_it: bool = False) -> Sending | None:
    """Return whether messages are sent; None where no sender has ever started."""
    if lock_it:
        await connection.execute(_LOCK)
    row = (await connection.execute(_READ)).one_or_none()
    if row is None:
        return None
    known = {name: value for name, value in row._mapping.items() if name not in Server._fields}  # noqa: SLF001 - SQLAlchemy's public name
    return Sending(**known, elsewhere=await server_of(connection) != (row.system_identifier, row.timeline))


async def mute(connection: AsyncConnection, *, reason: str, at: datetime) -> None:
    """Send nothing from now on, and take this server for known; an earlier reason stays."""
    await connection.execute(_MUTE, {"reason": reason, "at": at, **(await server_of(connection))._asdict()})


async def unmute(connection: AsyncConnection, *, actor: str, reason: str, at: datetime) -> bool:
    """Send again; return whether nothing was sent before."""
    return (await connection.execute(_UNMUTE, {"actor": actor, "reason": reason, "at": at})).rowcount == 1
