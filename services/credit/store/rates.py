"""Keeps every posted exchange rate; the newest one dated on or before a day is the one that counts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.domain.rates import Rates
from services.credit.store.values import row_of
from shared.rows import Rows, insert_rows

_RATE = Rows.of(
    "exchange_rate",
    key=("base_currency", "quote_currency", "rate_date"),
    base_currency="text",
    quote_currency="text",
    rate="numeric",
    rate_date="date",
    actor="text",
    recorded_at="timestamptz",
)
_NEWEST = text("""
    SELECT DISTINCT ON (base_currency, quote_currency)
           base_currency, quote_currency, rate, rate_date, actor, recorded_at
    FROM exchange_rate WHERE rate_date <= :as_of ORDER BY base_currency, quote_currency, rate_date DESC, posting DESC
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedRate:
    """From `rate_date` on, 1 `base_currency` is `rate` `quote_currency`."""

    base_currency: str
    quote_currency: str
    rate: Decimal
    rate_date: date
    actor: str
    recorded_at: datetime


async def post_rates(connection: AsyncConnection, rates: Sequence[PostedRate]) -> None:
    """Add rates; a later posting for the same date corrects an earlier one, which stays."""
    await insert_rows(connection, _RATE, [row_of(each) for each in rates])


async def newest_rates(connection: AsyncConnection, *, as_of: date) -> list[PostedRate]:
    """Return the rate of each pair that counts on `as_of`."""
    return [PostedRate(**row._asdict()) for row in await connection.execute(_NEWEST, {"as_of": as_of})]


async def load_dated_rates(connection: AsyncConnection, days: Iterable[date]) -> dict[date, Rates]:
    """Return the rates to convert by on each of these days."""
    return {day: await load_rates(connection, as_of=day) for day in sorted(set(days))}


async def load_rates(connection: AsyncConnection, *, as_of: date) -> Rates:
    """Return the rates to convert by on `as_of`."""
    newest = await newest_rates(connection, as_of=as_of)
    return Rates({(each.base_currency, each.quote_currency): each.rate for each in newest})
