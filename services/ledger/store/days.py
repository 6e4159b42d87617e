"""The open business day, and the lock under which every writer shares it until the day turns."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Literal, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.rows import Row, Rows, insert_missing, insert_rows

DAY_LOCK = 7_301_003
OPENER_LOCK = 7_301_004
ASKING_LOCK = 7_301_005

_BUSINESS_DAY = Rows.of(
    "business_day",
    key=("day",),
    day="date",
    state="text",
    cause_id="uuid",
    actor="text",
    correlation_id="text",
    traceparent="text",
    asked_at="timestamptz",
)
_WORKED_DAY = Rows.of("worked_day", key=("service", "day", "event_id"), service="text", day="date", event_id="uuid")

_SHARE = text("SELECT pg_advisory_xact_lock_shared(:lock)")
_LOCK = text("SELECT pg_advisory_xact_lock(:lock)")
_TRY = text("SELECT pg_try_advisory_xact_lock(:lock)")
_OPEN = text("SELECT day FROM business_day WHERE state IN ('marking', 'open')")
_SPAN = text("SELECT min(day), max(day) FROM business_day")
_COLUMNS = "day, state, cause_id, actor, correlation_id, traceparent, opened_at, overdue"
_DAY = text(f"SELECT {_COLUMNS} FROM business_day WHERE day = :day")
_LATEST_OPEN = text(f"SELECT {_COLUMNS} FROM business_day WHERE state IN ('marking', 'open')")
_NEXT = text(f"SELECT {_COLUMNS} FROM business_day WHERE state IN ('turning', 'marking') ORDER BY day LIMIT 1")
_CLOSE = text("UPDATE business_day SET state = 'closed' WHERE state = 'open'")
_TURN = text("UPDATE business_day SET state = 'marking', turned_at = :at WHERE day = :day AND state = 'turning'")
_COUNT = text("UPDATE business_day SET overdue = overdue + :count WHERE day = :day")
_FINISH = text("UPDATE business_day SET state = 'open', opened_at = :at WHERE day = :day AND state = 'marking'")
_WORKED = text("SELECT service, count(*) AS partitions FROM worked_day WHERE day = :day GROUP BY service")


State = Literal["turning", "marking", "open", "closed"]


class BusinessDay(NamedTuple):
    """A business day that was asked for, whose request is the cause of what its opening does."""

    day: date
    state: State
    cause_id: UUID
    actor: str
    correlation_id: str
    traceparent: str
    opened_at: datetime | None
    overdue: int


async def share_day(connection: AsyncConnection) -> None:
    """Hold the day's lock shared until the transaction ends: first in every write, so that no day turns within it."""
    await connection.execute(_SHARE, {"lock": DAY_LOCK})


async def hold_day(connection: AsyncConnection) -> None:
    """Hold the day's lock alone: wait until all writes of the day before are committed."""
    await connection.execute(_LOCK, {"lock": DAY_LOCK})


async def lock_days(connection: AsyncConnection) -> None:
    """Let nobody else ask for days until the transaction ends."""
    await connection.execute(_LOCK, {"lock": ASKING_LOCK})


async def may_open(connection: AsyncConnection) -> bool:
    """Whether this transaction is the one that opens days now, and no other worker is at it."""
    return bool((await connection.execute(_TRY, {"lock": OPENER_LOCK})).scalar_one())


async def open_day(connection: AsyncConnection) -> date | None:
    """Return the day that is open for facts; None before the first."""
    return (await connection.execute(_OPEN)).scalar_one_or_none()


async def known_span(connection: AsyncConnection) -> tuple[date | None, date | None]:
    """Return the first and the last day that were ever asked for."""
    first, last = (await connection.execute(_SPAN)).one()
    return first, last


async def find_day(connection: AsyncConnection, day: date) -> BusinessDay | None:
    """Return one day."""
    row = (await connection.execute(_DAY, {"day": day})).one_or_none()
    return BusinessDay(*row) if row else None


async def current_day(connection: AsyncConnection) -> BusinessDay | None:
    """Return the day that is open for facts, with its state."""
    row = (await connection.execute(_LATEST_OPEN)).one_or_none()
    return BusinessDay(*row) if row else None


async def next_day(connection: AsyncConnection) -> BusinessDay | None:
    """Return the earliest day whose opening is not finished."""
    row = (await connection.execute(_NEXT)).one_or_none()
    return BusinessDay(*row) if row else None


async def insert_days(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """Ask for days."""
    await insert_rows(connection, _BUSINESS_DAY, rows)


async def turn_day(connection: AsyncConnection, day: date, *, at: datetime) -> None:
    """Close the day before and open `day` for facts; the day's lock must be held alone."""
    await connection.execute(_CLOSE)
    await connection.execute(_TURN, {"day": day, "at": at})


async def count_overdue(connection: AsyncConnection, day: date, *, count: int) -> None:
    """Add to the number of instalments that opening `day` found overdue."""
    await connection.execute(_COUNT, {"day": day, "count": count})


async def finish_day(connection: AsyncConnection, day: date, *, at: datetime) -> None:
    """Note that `day`'s markers are written."""
    await connection.execute(_FINISH, {"day": day, "at": at})


async def note_worked(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """Note that services have ended days."""
    await insert_missing(connection, _WORKED_DAY, rows)


async def worked_partitions(connection: AsyncConnection, day: date) -> Mapping[str, int]:
    """Return in how many partitions each service has ended `day`."""
    return {row.service: row.partitions for row in await connection.execute(_WORKED, {"day": day})}
