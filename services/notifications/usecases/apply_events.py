"""Saves what a batch of events says, in a fixed number of statements whatever its size."""

from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.store import creditors, debts, messages
from services.notifications.usecases.news import News


async def apply_events(
    connection: AsyncConnection, news: News, *, work_day: date | None, holds_day: bool, at: datetime
) -> None:
    """Save the news; a message planned for a day whose work has begun is released at once."""
    await creditors.save_creditors(connection, list(news.creditors.values()))
    await debts.save_debts(connection, news.debts.values(), news.moves.values())
    ends = [{"rest_id": rest_id, "until_date": until_date} for rest_id, until_date in news.rest_ends.items()]
    decided = [
        {"rest_id": rest_id, "amount_minor": minor, "credited": True} for rest_id, minor in news.credits_decided.items()
    ]
    await debts.save_rests(connection, news.rests.values(), ends=ends, credits_decided=decided)
    if not news.customers:
        return
    await messages.insert_messages(connection, news.messages.values(), at=at)
    await messages.withdraw(connection, news.withdrawals, at=at)
    if work_day is not None:
        await messages.release(connection, sorted(news.customers), day=work_day, at=at)
    await messages.refresh_next_dates(connection, news.customers, holds_day=holds_day)
