"""Falls silent after a restore: what was claimed without an outcome is unknown, until a person unmutes (N4)."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.domain.message import Outcome
from services.notifications.store import attempts, sending
from services.notifications.usecases.desk import Desk
from services.notifications.usecases.settle_attempts import settle_attempts

ANOTHER_SERVER = "this database was restored or promoted: it runs on another server or timeline than it sent from"
ANOTHER_HISTORY = "the topic of this service tells another history than this database: it was restored or copied"
WAY_OUT = "Nothing is sent; follow docs/runbooks/backup-and-restore.md, then `dueflow sending unmute`."

_GIVEN_UP_AT_ONCE = 1_000


async def reason_to_be_mute(connection: AsyncConnection, *, conflict: bool) -> str | None:
    """Return why nothing may be sent, None while it may; `conflict` says that topic and database contradict."""
    known = await sending.read_sending(connection)
    if known is None:
        await sending.remember_server(connection)
        return ANOTHER_HISTORY if conflict else None
    if known.elsewhere:
        return ANOTHER_SERVER
    return ANOTHER_HISTORY if conflict else known.muted_reason


async def mute_sending(connection: AsyncConnection, *, reason: str, desk: Desk, now: datetime) -> int:
    """Send nothing from now on, and call unknown what was claimed; return how many attempts that were.

    Who held those claims has ended with the server; whether it sent them is in no database.
    """
    await sending.mute(connection, reason=reason, at=now)
    open_attempts = await attempts.read_open(connection, limit=_GIVEN_UP_AT_ONCE)
    outcome = Outcome(kind="unknown", answer="the database was restored")
    if open_attempts:
        await settle_attempts(connection, dict.fromkeys(open_attempts, outcome), desk=desk, now=now)
    return len(open_attempts)
