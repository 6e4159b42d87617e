"""Every transaction locks its customers in one order, so that callers who name them in any order never deadlock."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.ids import customer_id_of
from shared.messaging.customers import lock_customers
from tests.faults.house import PARTITIONS
from tests.proofs.town import Town

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(300)]

PEOPLE = 300
ROUNDS = 20
_ONE = text("SELECT FROM customer WHERE customer_id = :one FOR UPDATE")


async def lock_all(engine: AsyncEngine, ids: Sequence[UUID]) -> None:
    """Lock these customers as every transaction does."""
    async with engine.begin() as connection:
        await lock_customers(connection, ids, partitions=PARTITIONS)


async def test_whoever_names_the_customers_from_the_last_to_the_first_waits(town: Town) -> None:
    """Architecture, lock order: no order of keys, known or new, makes two transactions wait for each other."""
    engine = town.sites["credit"].context.engine
    for number in range(ROUNDS):
        ids = [customer_id_of(f"L-{number}-{each}") for each in range(PEOPLE)]
        await asyncio.gather(
            lock_all(engine, ids), lock_all(engine, ids[::-1]), lock_all(engine, ids[100:] + ids[:100])
        )


async def test_locked_one_by_one_they_would_wait_for_each_other(town: Town) -> None:
    """What the order is for: without it PostgreSQL has to end one of two transactions."""
    engine = town.sites["credit"].context.engine
    there, back = (customer_id_of(each) for each in ("L-1", "L-2"))
    await lock_all(engine, [there, back])
    first_is_held = asyncio.Barrier(2)

    async def lock_in_turn(*ids: UUID) -> None:
        async with engine.begin() as connection:
            await connection.execute(_ONE, {"one": ids[0]})
            await first_is_held.wait()
            await connection.execute(_ONE, {"one": ids[1]})

    ends = await asyncio.gather(lock_in_turn(there, back), lock_in_turn(back, there), return_exceptions=True)
    (lost,) = [each for each in ends if each is not None]
    assert isinstance(lost, DBAPIError)
    assert "deadlock detected" in str(lost)


async def test_two_replicas_issue_to_the_same_customers_in_opposite_order(town: Town) -> None:
    """Architecture, lock order: batches of the API, while nobody is turned away and nothing is issued twice."""
    ledger = town.sites["ledger"]
    replica = town.replica("ledger")
    people = [f"L-{number}" for number in range(40)]
    try:
        for number in range(3):
            there = [town.bill(f"T{number}-{each}", each, 100, due_in_days=20) for each in people]
            back = [town.bill(f"B{number}-{each}", each, 100, due_in_days=20) for each in people[::-1]]
            answers = await asyncio.gather(
                ledger.post("/invoices/batch", {"items": there}), replica.post("/invoices/batch", {"items": back})
            )
            assert {item["status"] for answer in answers for item in answer["results"]} == {201}
    finally:
        await replica.close()
