"""Takes and shows the exchange rates by which exposure in other currencies is measured (C5)."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.api import shown
from services.credit.api.asking import asked, block_lane
from services.credit.api.bodies import PostRate, RateText
from services.credit.store.days import newest_day
from services.credit.store.rates import PostedRate, newest_rates, post_rates
from shared.service import Context
from shared.web.gather import Gatherer
from shared.web.idempotency import Keyed
from shared.web.keys import Reader
from shared.web.models import BusinessDate
from shared.web.problems import Problem
from shared.web.routing import JsonBody, router


class RateShown(BaseModel):
    """From `date` on, 1 `base` is `rate` `quote`."""

    base: str
    quote: str
    rate: RateText
    date: date


class RatesShown(BaseModel):
    """The rate of each pair that counts on a day."""

    items: list[RateShown]


def rates_router(context: Context) -> APIRouter:
    """Return the routes of exchange rates."""
    routes = router(prefix="/v1", tags=["exchange rates"])

    async def execute(connection: AsyncConnection, rates: Sequence[PostedRate]) -> list[PostedRate | Problem]:
        await post_rates(connection, rates)
        return list(rates)

    postings = Gatherer(lane=block_lane(context), execute=execute, render=lambda rate: shown.answer(201, _rate(rate)))

    @routes.post("/exchange-rates", status_code=201, response_model=RateShown)
    async def post(body: JsonBody[PostRate], keyed: Keyed) -> Response:
        """Post a rate; it counts from its date until a newer one, and a later posting for the same date corrects it."""
        rate = PostedRate(
            base_currency=body.base,
            quote_currency=body.quote,
            rate=Decimal(body.rate),
            rate_date=body.date,
            actor=keyed.origin.actor,
            recorded_at=asked(context, keyed).recorded_at,
        )
        return (await postings.submit(keyed.work(rate))).response()

    @routes.get("/exchange-rates", response_model=RatesShown)
    async def show(_caller: Reader, as_of: BusinessDate | None = None) -> dict[str, Any]:
        """Show the rate of each pair that counts on `as_of`, the newest business day unless given."""
        async with context.reading.connect() as connection:
            day = as_of or await newest_day(connection) or context.clock.now().date()
            return {"items": [_rate(each) for each in await newest_rates(connection, as_of=day)]}

    return routes


def _rate(rate: PostedRate) -> dict[str, Any]:
    return {
        "base": rate.base_currency,
        "quote": rate.quote_currency,
        "rate": format(rate.rate.normalize(), "f"),
        "date": rate.rate_date.isoformat(),
    }
