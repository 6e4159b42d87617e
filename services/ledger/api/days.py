"""Asks for business days and shows how far their opening, and the work of the other services on them, is (L7)."""

import asyncio
import time
from datetime import date, datetime
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.api.writing import answer, origin_of
from services.ledger.settings import LedgerSettings
from services.ledger.store import days
from services.ledger.store.days import BusinessDay, State
from services.ledger.usecases.ask_for_days import AskForDay, ask_for_days
from shared.service import Context
from shared.web.gather import Gatherer
from shared.web.idempotency import Keyed
from shared.web.keys import Reader
from shared.web.models import BusinessDate, QueryInteger, StrictModel
from shared.web.problem_types import NOT_FOUND
from shared.web.problems import Problem
from shared.web.routing import JsonBody, router

CHANNEL = "day"
LONGEST_WAIT_SECONDS = 30
# Looking costs two small queries; a year of days under the fast clock waits for each.
_LOOK_FAST_SECONDS = 0.04
_LOOK_CIVIL_SECONDS = 1.0


class DayBody(StrictModel):
    """The day to be opened; those missed before it are opened first, one by one."""

    day: BusinessDate


class AskedDayView(BaseModel):
    """A day that was asked for."""

    day: date
    state: State


class DayView(AskedDayView):
    """A day, how many instalments its opening found overdue, and in how many partitions each service has ended it."""

    opened_at: datetime | None
    overdue: int
    worked: dict[str, int]
    complete: bool


def days_router(context: Context) -> APIRouter:
    """Return the routes of business days."""
    routes = router(prefix="/v1", tags=["business days"])
    settings: LedgerSettings = context.settings
    gatherer: Gatherer[AskForDay, BusinessDay] = Gatherer(
        lane=context.single,
        execute=partial(ask_for_days, fast_clock=context.fast_clock),
        render=lambda day: answer(202, AskedDayView(day=day.day, state=day.state)),
    )

    async def shown(connection: AsyncConnection, day: BusinessDay | None) -> DayView:
        if day is None:
            raise Problem(NOT_FOUND)
        known = await days.worked_partitions(connection, day.day)
        worked = {service: known.get(service, 0) for service in settings.day_followers}
        return DayView(
            day=day.day,
            state=day.state,
            opened_at=day.opened_at,
            overdue=day.overdue,
            worked=worked,
            complete=day.opened_at is not None and all(count >= context.partitions for count in worked.values()),
        )

    @routes.post("/business-days", status_code=202, response_model=AskedDayView)
    async def post_business_day(body: JsonBody[DayBody], keyed: Keyed) -> Response:
        """Ask for a day. The worker opens it, and every missed one before it; asking again changes nothing."""
        command = AskForDay(origin=origin_of(keyed, context.clock), day=body.day)
        stored = await gatherer.submit(keyed.work(command))
        await context.wake.notify(CHANNEL)
        return stored.response()

    @routes.get("/business-days/current")
    async def get_current_day(_caller: Reader) -> DayView:
        """Show the day that is open for facts."""
        async with context.reading.connect() as connection:
            return await shown(connection, await days.current_day(connection))

    @routes.get("/business-days/{day}")
    async def get_business_day(
        _caller: Reader,
        day: BusinessDate,
        wait_seconds: Annotated[QueryInteger, Query(ge=0, le=LONGEST_WAIT_SECONDS)] = 0,
    ) -> DayView:
        """Show one day; it is complete when all services have ended it in every partition.

        With `wait_seconds` the answer comes as soon as the day is complete, or after that time as it then stands.
        """
        answer_at = time.monotonic() + wait_seconds
        look_seconds = _LOOK_FAST_SECONDS if context.fast_clock else _LOOK_CIVIL_SECONDS
        while True:
            async with context.reading.connect() as connection:
                view = await shown(connection, await days.find_day(connection, day))
            if view.complete or time.monotonic() + look_seconds > answer_at:
                return view
            await asyncio.sleep(look_seconds)

    return routes
