"""Fifty who change the same two accounts in opposite order: PostgreSQL ends some, and each is done once."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from hashlib import sha256
from urllib.parse import urlsplit

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.database import open_engine
from shared.web import outages
from shared.web.gather import Gatherer, Lane
from shared.web.idempotency import Intent, StoredAnswer, Work
from shared.web.problem_types import UNAVAILABLE
from shared.web.problems import Problem

PROCESSES, MOVES = 10, 50
_ACCOUNTS = "CREATE TABLE account AS SELECT name, 0 AS balance FROM unnest(ARRAY['a', 'b']) AS name"
_ADD = text("UPDATE account SET balance = balance + :amount WHERE name = :name")


class Mover:
    """A process that moves money between two accounts, and locks them in the order in which it was told them."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.gatherer: Gatherer[tuple[str, str], str] = Gatherer(
            lane=Lane(engine), execute=self._move, render=lambda each: StoredAnswer(201, each.encode())
        )
        self.ended = 0

    async def move(self, number: int) -> StoredAnswer:
        """Move one from an account to the other; every second move is the other way round."""
        accounts = ("a", "b") if number % 2 else ("b", "a")
        intent = Intent("erp", "POST /v1/moves", f"move-{number}")
        return await self.gatherer.submit(Work(accounts, intent, sha256(str(number).encode()).digest(), ()))

    async def _move(self, connection: AsyncConnection, moves: Sequence[tuple[str, str]]) -> list[str | Problem]:
        try:
            for giver, taker in moves:
                await connection.execute(_ADD, {"name": giver, "amount": -1})
                await asyncio.sleep(0.002)  # so that somebody else holds the other
                await connection.execute(_ADD, {"name": taker, "amount": 1})
        except DBAPIError as error:
            self.ended += outages.sqlstate(error) == "40P01"
            raise
        return ["moved" for _ in moves]


@pytest.fixture
async def engine(database: str, postgres_server: str) -> AsyncIterator[AsyncEngine]:
    """Two accounts in a database whose server looks for deadlocks at once."""
    superuser = await asyncpg.connect(postgres_server)
    name = urlsplit(database).path.lstrip("/")
    await superuser.execute(f"ALTER DATABASE \"{name}\" SET deadlock_timeout = '10ms'")
    await superuser.close()
    made = open_engine(database, connections=PROCESSES, application="movers")
    async with made.begin() as connection:
        await connection.execute(text(_ACCOUNTS))
    yield made
    await made.dispose()


async def test_row_30_fifty_moves_in_opposite_order_are_each_done_once_or_refused(engine: AsyncEngine) -> None:
    """Faults 2.30: the whole transaction is run again, five times at most; then 503, and asked again it is done."""
    movers = [Mover(engine) for _ in range(PROCESSES)]
    unanswered = set(range(MOVES))
    for _ in range(20):
        answers = await asyncio.gather(
            *(movers[number % PROCESSES].move(number) for number in sorted(unanswered)), return_exceptions=True
        )
        for number, answer in zip(sorted(unanswered), answers, strict=True):
            if isinstance(answer, StoredAnswer):
                unanswered.discard(number)
            else:
                assert isinstance(answer, Problem), answer
                assert answer.kind is UNAVAILABLE
        if not unanswered:
            break
    assert not unanswered
    async with engine.connect() as connection:
        balances = await connection.execute(text("SELECT name, balance FROM account ORDER BY name"))
        assert [tuple(each) for each in balances] == [("a", 0), ("b", 0)]
    assert sum(each.ended for each in movers) > 0, "they met"
