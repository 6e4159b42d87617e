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

GIVEN_UP_AT_ONCE = 200


async def reason_to_be_mute(connection: AsyncConnection, *, conflict: bool, lock_it: bool = False) -> str | None:
    """Return why nothing may be sent, None while it may; `conflict` says that topic and database contradict."""
    known = await sending.read_sending(connection, lock_it=lock_it)
    if known is None:
        await sending.remember_server(connection)
        return ANOTHER_HISTORY if conflict else None
    if known.elsewhere:
        return ANOTHER_SERVER
    return ANOTHER_HISTORY if conflict else known.muted_reason


async def mute_sending(connection: AsyncConnection, *, conflict: bool, now: datetime) -> str | None:
    """Send nothing from now on, and return why; None where a person has let it go on since it was looked."""
    reason = await reason_to_be_mute(connection, conflict=conflict, lock_it=True)
    if reason is not None:
        await sending.mute(connection, reason=reason, at=now)
    return reason


async def give_up_open(connection: AsyncConnection, *, desk: Desk, now: datetime) -> int:
    """Call the next open claims unknown; return how many, which is less than `GIVEN_UP_AT_ONCE` when none is left.

    Who held those claims has ended with the server; whether it sent them is in no database.
    """
    open_attempts = await attempts.read_open(connection, limit=GIVEN_UP_AT_ONCE)
    outcome = Outcome(kind="unknown", answer="the database was restored")
    if open_attempts:
        await settle_attempts(connection, dict.fromkeys(open_attempts, outcome), desk=desk, now=now)
    return len(open_attempts)
