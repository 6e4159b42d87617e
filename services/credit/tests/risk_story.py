"""What the tests of light, terms, limits and holds tell and ask: days that pass, facts that are heard, events."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from services.credit.tests.books import TODAY, Ledger
from services.credit.tests.days import follow, open_day, rows, work_day
from shared.messaging.subscription import Received

LIMIT = {"amount": "10000.00", "currency": "CNY"}
MEANS = {
    "registered_capital": {"amount": "1000000.00", "currency": "CNY"},
    "annual_sales": {"amount": "2000000.00", "currency": "CNY"},
    "industry_standing": "average",
}


def after(days: int) -> date:
    """The day so many days after the first."""
    return TODAY + timedelta(days=days)


async def live(engine: AsyncEngine, *days: int) -> None:
    """Let these days come, and do the work that is due on them."""
    for each in days:
        await open_day(engine, after(each))
        await work_day(engine, after(each))


async def hear(engine: AsyncEngine, books: Ledger, *, on: int = 0) -> None:
    """Follow the facts that are new, each in a batch of its own, on the day so many days after the first."""
    await follow(engine, [[fact] for fact in books.news()], today=after(on))


async def told(engine: AsyncEngine, *names: str) -> list[Any]:
    """The bodies of these events, in their order."""
    found = await rows(
        engine,
        "SELECT CAST(body AS jsonb) FROM outbox WHERE split_part(wire, '.', 2) = ANY(:names) ORDER BY id",
        names=list(names),
    )
    return [body for (body,) in found]


async def lights(engine: AsyncEngine) -> list[tuple[str, list[str]]]:
    """Every light that was told, with its reasons."""
    return [(each["light"], each["reasons"]) for each in await told(engine, "alert-level-changed")]


async def terms(engine: AsyncEngine) -> list[tuple[int | None, list[str]]]:
    """All terms that were told, with their reasons."""
    return [(each["terms_days"], each["reasons"]) for each in await told(engine, "credit-terms-changed")]


def decided(answer: dict[str, Any]) -> tuple[str, str, int | None, Sequence[str]]:
    """An answer in short: decision, light, days and reasons."""
    return answer["decision"], answer["light"], answer["terms_days"], [each["code"] for each in answer["reasons"]]


def dated(fact: Received, day: date) -> Received:
    """The fact as if it had been told on this day."""
    return Received(fact.event, replace(fact.envelope, business_date=day))
