"""The smallest use case that can do everything wrong: it puts named things on a shelf, in a batch."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID

from sqlalchemy import Column, MetaData, Table, Text, Uuid, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.schema import CreateIndex, CreateTable

from shared.database import open_engine
from shared.web.gather import Gatherer, Lane
from shared.web.idempotency import Intent, StoredAnswer, Work
from shared.web.idempotency_store import idempotency_table
from shared.web.problem_types import CONFLICT
from shared.web.problems import Problem

METADATA = MetaData()
IDEMPOTENCY = idempotency_table(METADATA)
THING = Table("thing", METADATA, Column("name", Text, primary_key=True))
CUSTOMER = Table("customer", METADATA, Column("customer_id", Uuid, primary_key=True))


async def build(url: str) -> None:
    """Make the tables of this test; a service makes its own by migrations."""
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        for table in METADATA.sorted_tables:
            await connection.execute(CreateTable(table))
            for index in table.indexes:
                await connection.execute(CreateIndex(index))
    await engine.dispose()


@dataclass
class Shelf:
    """One process of the service: an engine, a lane, a gatherer, and a count of its transactions."""

    engine: AsyncEngine
    lock: bool = False
    transactions: int = 0
    batches: list[int] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    wakes: int = 0

    def __post_init__(self) -> None:
        lane = Lane(self.engine, self._begin, self._lock if self.lock else None, self._wake)
        self.gatherer: Gatherer[str, str] = Gatherer(lane=lane, execute=self._put, render=self._shown)

    async def put(self, name: str, *, key: str | None = None, customer: UUID | None = None) -> StoredAnswer:
        """Submit one thing as a request would."""
        customers = () if customer is None else (customer,)
        intent = Intent("erp", "POST /v1/things", key or f"key-of-{name}")
        return await self.gatherer.submit(Work(name, intent, sha256(name.encode()).digest(), customers))

    async def things(self) -> list[str]:
        """What stands on the shelf."""
        async with self.engine.connect() as connection:
            return list(await connection.scalars(text("SELECT name FROM thing ORDER BY name")))

    async def _begin(self, connection: AsyncConnection) -> None:
        self.transactions += 1
        if self.failures:
            await connection.execute(text(f"DO $$ BEGIN RAISE SQLSTATE '{self.failures.pop()}'; END $$"))

    async def _lock(self, connection: AsyncConnection, customer_ids: Sequence[UUID]) -> set[UUID]:
        rows = await connection.scalars(
            text(
                "SELECT customer_id FROM customer WHERE customer_id = ANY(:ids)"
                " ORDER BY customer_id FOR UPDATE SKIP LOCKED"
            ),
            {"ids": list(customer_ids)},
        )
        return set(rows)

    async def _put(self, connection: AsyncConnection, names: Sequence[str]) -> list[str | Problem]:
        self.batches.append(len(names))
        if "bug" in names:
            raise LookupError("bug")
        await asyncio.sleep(0.01)  # so that others arrive meanwhile
        accepted = [name for name in names if not name.startswith("refused")]
        await connection.execute(
            text("INSERT INTO thing SELECT unnest(CAST(:names AS text[]))"), {"names": sorted(accepted)}
        )
        return [name if name in accepted else Problem(CONFLICT, "No.") for name in names]

    @staticmethod
    def _shown(name: str) -> StoredAnswer:
        return StoredAnswer(201, json.dumps({"name": name}).encode())

    async def _wake(self) -> None:
        self.wakes += 1


def open_shelf(url: str, *, lock: bool = False) -> Shelf:
    """A process of the service on its own pool."""
    return Shelf(open_engine(url, connections=3, application="test"), lock=lock)
