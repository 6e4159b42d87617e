"""The worker's endless task that opens business days, woken by requests and by a slow poll."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from services.ledger.api.days import CHANNEL
from services.ledger.settings import LedgerSettings
from services.ledger.usecases.advance_day import DayOpener, Step
from services.ledger.usecases.ask_for_days import AskForDay, ask_for_days, latest_today
from services.ledger.usecases.origin import Origin
from shared.ids import new_id
from shared.observe.trace import current_trace
from shared.service import Context

IDLE_SECONDS = 5
# Looking costs one small query, and under the fast clock a year of days waits for the answer.
WAITING_SECONDS = 0.05
AWAY_SECONDS = 2

log = structlog.get_logger(__name__)


def make_opener(context: Context) -> DayOpener:
    """Return what opens days in this process."""
    settings: LedgerSettings = context.settings
    patience = None if context.fast_clock else timedelta(minutes=settings.day_patience_minutes)
    return DayOpener(outbox=context.outbox, followers=settings.day_followers, patience=patience)


def open_days(context: Context) -> Callable[[], Awaitable[None]]:
    """Return the task that opens the days that are asked for, and under `auto_open_days` asks for each itself."""
    opener = make_opener(context)

    async def run() -> None:
        while True:
            try:
                await _ask_for_today(context)
                step = await advance(context, opener)
            except (SQLAlchemyError, OSError) as error:
                log.warning("day.not_opened", reason=type(error).__name__)
                await asyncio.sleep(AWAY_SECONDS)
                continue
            if step is Step.WAITS:
                await asyncio.sleep(WAITING_SECONDS if context.fast_clock else 1)
            elif step is Step.NOTHING:
                await context.wake.wait(CHANNEL, seconds=IDLE_SECONDS)

    return run


async def advance(context: Context, opener: DayOpener) -> Step:
    """Do one step in a transaction of its own."""
    async with context.engine.begin() as connection:
        step = await opener.advance(connection, now=context.clock.now())
    if step is Step.DONE:
        await context.wake.outbox()
    return step


async def _ask_for_today(context: Context) -> None:
    settings: LedgerSettings = context.settings
    if not settings.auto_open_days:
        return
    current = current_trace()
    origin = Origin(
        cause_id=new_id(),
        actor="ledger",
        correlation_id=current.correlation_id,
        traceparent=current.traceparent,
        recorded_at=context.clock.now(),
    )
    async with context.begin() as connection:
        today = await latest_today(connection, origin)
        await ask_for_days(connection, [AskForDay(origin=origin, day=today)], fast_clock=False)
