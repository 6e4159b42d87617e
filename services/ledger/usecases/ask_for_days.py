"""Asks for business days: notes every date up to the one that is wanted; the worker opens them one by one (L7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.domain.business_day import days_to_open
from services.ledger.domain.refusals import Refusal
from services.ledger.store import days
from services.ledger.store.days import BusinessDay
from services.ledger.store.entities import entity_zones
from services.ledger.usecases.origin import Origin
from services.ledger.usecases.refusals import problem_of
from shared.clock import civil_date
from shared.ids import document_id_of
from shared.rows import Row
from shared.web.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class AskForDay:
    """Open this day, and those missed before it."""

    origin: Origin
    day: date


async def ask_for_days(
    connection: AsyncConnection, commands: Sequence[AskForDay], *, fast_clock: bool
) -> list[BusinessDay | Problem]:
    """Note the days that are wanted; a day that was asked for before is answered as it stands."""
    return [await _ask(connection, command, fast_clock=fast_clock) for command in commands]


async def _ask(connection: AsyncConnection, command: AskForDay, *, fast_clock: bool) -> BusinessDay | Problem:
    # Two who ask at once must not both note the same missed days.
    await days.lock_days(connection)
    today = None if fast_clock else await latest_today(connection, command.origin)
    first, last = await days.known_span(connection)
    try:
        missing = days_to_open(command.day, first=first, last=last, today=today)
    except Refusal as refusal:
        return problem_of(refusal)
    await days.insert_days(connection, [_row(day, command.origin) for day in missing])
    found = await days.find_day(connection, command.day)
    assert found is not None, "it was there, or it was just noted"
    return found


async def latest_today(connection: AsyncConnection, origin: Origin) -> date:
    """Return the civil date where the day has come first among the entities; that of UTC before there is any."""
    zones = await entity_zones(connection) or {"UTC"}
    return max(civil_date(origin.recorded_at, zone) for zone in zones)


def _row(day: date, origin: Origin) -> Row:
    return {
        "day": day,
        "state": "turning",
        # Asked for again after a restore, it is the same day: what its opening told is not told twice.
        "cause_id": document_id_of("business-day", day.isoformat()),
        "actor": origin.actor,
        "correlation_id": origin.correlation_id,
        "traceparent": origin.traceparent,
        "asked_at": origin.recorded_at,
    }
