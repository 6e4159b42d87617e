"""Loads all that is known of some customers with one statement, and saves it with one per table."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.collections.domain.book import Book
from services.collections.domain.policies import Policies
from services.collections.domain.receivables import Entity, Profile
from services.collections.store.entities import save_entities
from services.collections.store.table import Table
from services.collections.store.tables import (
    CASE,
    DISPUTE,
    ENTITY,
    PAUSE,
    PROFILE,
    PROMISE,
    RECEIVABLE,
    REMINDER,
    STEP,
    TASK,
)
from shared.ids import partition_of
from shared.rows import upsert_rows

_OF_CUSTOMERS = "customer_id = ANY(CAST(:ids AS uuid[]))"
_NAMED = "ANY(CAST(:named AS uuid[]))"


@dataclass(frozen=True)
class _Part:
    """One table's part in a book: which rows matter, and where they stand in the book."""

    table: Table[Any]
    name: str
    key: Callable[[Any], Any]
    matters: str

    @property
    def reading(self) -> str:
        """Return what reads these rows for any number of customers."""
        return f"{self.table.reading(f'{_OF_CUSTOMERS} AND ({self.matters})')} AS {self.name}"


# What is over matters only where an event or a request names it, as a reversal does a settled receivable.
_PARTS = (
    _Part(RECEIVABLE, "receivables", attrgetter("instalment_id"), f"open_minor > 0 OR instalment_id = {_NAMED}"),
    _Part(
        STEP,
        "steps",
        attrgetter("instalment_id", "episode", "step"),
        f"instalment_id = {_NAMED} OR reminder_id = {_NAMED} OR instalment_id IN "
        f"(SELECT r.instalment_id FROM receivable r WHERE r.{_OF_CUSTOMERS} AND r.open_minor > 0) OR reminder_id IN "
        f"(SELECT r.reminder_id FROM reminder r WHERE r.{_OF_CUSTOMERS} AND r.state = 'planned')",
    ),
    _Part(CASE, "cases", attrgetter("case_id"), f"closed_date IS NULL OR case_id = {_NAMED}"),
    _Part(REMINDER, "reminders", attrgetter("reminder_id"), f"state = 'planned' OR reminder_id = {_NAMED}"),
    _Part(PROMISE, "promises", attrgetter("promise_id"), "true"),
    _Part(DISPUTE, "disputes", attrgetter("dispute_id"), f"resting_minor > 0 OR dispute_id = {_NAMED}"),
    _Part(PAUSE, "pauses", attrgetter("pause_id"), "true"),
    _Part(TASK, "tasks", attrgetter("task_id"), f"outcome IS NULL OR task_id = {_NAMED}"),
)
_LOAD = text(
    f"SELECT {ENTITY.reading('true')} AS entities, {PROFILE.reading(_OF_CUSTOMERS)} AS profiles, "
    + ", ".join(part.reading for part in _PARTS)
)


@dataclass(frozen=True)
class Shelf:
    """The books of some customers, and how they were when they were loaded."""

    entities: dict[str, Entity]
    loaded_entities: Mapping[str, Entity]
    books: Mapping[UUID, Book]
    loaded: Mapping[UUID, Mapping[str, Any]]
    partitions: int


async def load_books(
    connection: AsyncConnection,
    customer_ids: Iterable[UUID],
    *,
    named: Collection[UUID],
    policies: Policies,
    partitions: int,
) -> Shelf:
    """Return the books of these customers; `named` are the ids of what is over and yet spoken of."""
    ids = sorted(set(customer_ids))
    found = (await connection.execute(_LOAD, {"ids": ids, "named": sorted(set(named))})).one()
    known = {each.entity: each for each in ENTITY.read(found.entities)}
    profiles = {each.customer_id: each for each in PROFILE.read(found.profiles)}
    books = {
        each: Book(
            customer_id=each,
            profile=profiles.get(each, Profile(customer_id=each)),
            policies=policies,
            entities=known,
        )
        for each in ids
    }
    for part in _PARTS:
        for record in part.table.read(getattr(found, part.name)):
            getattr(books[record.customer_id], part.name)[part.key(record)] = record
    return Shelf(known, dict(known), books, {each: _snapshot(book) for each, book in books.items()}, partitions)


async def save_books(connection: AsyncConnection, shelf: Shelf) -> None:
    """Write each record that is not what it was, once."""
    await save_entities(
        connection, [each for code, each in shelf.entities.items() if shelf.loaded_entities.get(code) != each]
    )
    profiles = [
        PROFILE.write(book.profile, partition_of(each, shelf.partitions))
        for each, book in shelf.books.items()
        if book.profile != shelf.loaded[each]["profile"]
    ]
    await upsert_rows(connection, PROFILE.shape, profiles)
    for part in _PARTS:
        rows = [
            part.table.write(record, partition_of(each, shelf.partitions))
            for each, book in shelf.books.items()
            for key, record in getattr(book, part.name).items()
            if shelf.loaded[each][part.name].get(key) != record
        ]
        await upsert_rows(connection, part.table.shape, rows)


def _snapshot(book: Book) -> dict[str, Any]:
    return {part.name: dict(getattr(book, part.name)) for part in _PARTS} | {"profile": book.profile}
