"""Folds what comes into the books of customers: loaded together, changed one cause after the other, saved together."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import date
from typing import TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.collections.domain import agenda
from services.collections.domain.book import Book, Moment
from services.collections.domain.follow import follow
from services.collections.store import books
from services.collections.store.books import Shelf
from services.collections.usecases.know_policies import know_policies
from services.collections.usecases.publishing import News
from shared.messaging.customers import set_next_dates
from shared.messaging.outbox import Outbox
from shared.messaging.outgoing import Cause

R = TypeVar("R")


class Folding:
    """The books of a transaction's customers and the news of it; all that depends on a change follows at once."""

    def __init__(self, shelf: Shelf, news: News) -> None:
        self.shelf = shelf
        self._news = news

    @staticmethod
    async def of(
        connection: AsyncConnection, customer_ids: Iterable[UUID], *, named: Collection[UUID], outbox: Outbox
    ) -> "Folding":
        """Return the books of these customers, whose rows the transaction has locked."""
        shelf = await books.load_books(
            connection,
            customer_ids,
            named=named,
            policies=await know_policies(connection),
            partitions=outbox.partitions,
        )
        return Folding(shelf, News(outbox))

    def tell_day(self, customer_id: UUID, day: date) -> None:
        """Note that the ledger tells of a day ahead of its marker."""
        book = self.shelf.books[customer_id]
        book.profile = replace(book.profile, told_date=day)

    def latest_date(self, customer_id: UUID, day: date) -> date:
        """Return the customer's day where the marker of `day` is the last that has come."""
        return self.shelf.books[customer_id].profile.latest(day)

    def change(self, customer_id: UUID, cause: Cause, change: Callable[[Book, Moment], R]) -> R:
        """Let something happen to a customer and all that follows; a Refusal leaves the book as it was."""
        book = self.shelf.books[customer_id]
        at = Moment(today=cause.business_date, actor=cause.actor, id_of=cause.id_of)
        result = change(book, at)
        follow(book, at)
        self._news.add(customer_id, book.happened, cause)
        book.happened.clear()
        return result

    async def save(
        self, connection: AsyncConnection, *, after: dict[UUID, date], waiting: Collection[UUID] = ()
    ) -> None:
        """Write what changed, tell the news, and set when each customer is due next after his day.

        Those `waiting` for a day's work that has come keep their date.
        """
        await books.save_books(connection, self.shelf)
        await self._news.publish(connection)
        dates = {
            each: agenda.next_date(book, after=after[each])
            for each, book in self.shelf.books.items()
            if each not in waiting
        }
        await set_next_dates(connection, dates)
