"""Gathers concurrent requests of a use case into one transaction, so that a crowd costs the database a single batch."""

import asyncio
import contextvars
import random
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.observe import metrics
from shared.web import idempotency_store as store
from shared.web import outages
from shared.web.idempotency import Intent, StoredAnswer, Work
from shared.web.problem_types import CONFLICT, INVALID, KEY_REUSED
from shared.web.problems import Problem, unavailable

C = TypeVar("C")
R = TypeVar("R")
Execute = Callable[[AsyncConnection, Sequence[C]], Awaitable[Sequence[R | Problem]]]
LockCustomers = Callable[[AsyncConnection, Sequence[UUID]], Awaitable[Collection[UUID]]]

BATCH_LIMIT = 200
WAITING_LIMIT = 4000
ATTEMPTS = 6
TRANSACTION_SECONDS = 60
LOCKED_SECONDS = 10
LOCKED_PAUSE_SECONDS = 0.02

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Lane:
    """One transaction at a time, shared by the gatherers of a process that must not crowd each other.

    `on_begin` runs first in each transaction. `lock_customers` then locks, SKIP LOCKED and in order of id, those of the
    given customers that it can, and returns them. `after_commit` runs outside of the transaction.
    """

    engine: AsyncEngine
    on_begin: Callable[[AsyncConnection], Awaitable[None]] | None = None
    lock_customers: LockCustomers | None = None
    after_commit: Callable[[], Awaitable[None]] | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class _Item(Generic[C]):
    """A request that waits, or several that are one because they share intent and content."""

    def __init__(self, work: Work[C]) -> None:
        loop = asyncio.get_running_loop()
        self.work = work
        self.answer: asyncio.Future[StoredAnswer] = loop.create_future()
        self.answers = [self.answer]
        self.patient_until = loop.time() + LOCKED_SECONDS

    def give(self, outcome: StoredAnswer | Exception) -> None:
        for answer in self.answers:
            if answer.done():
                continue  # its caller went away; what it asked for was done all the same
            if isinstance(outcome, StoredAnswer):
                answer.set_result(outcome)
            else:
                answer.set_exception(outcome)


class Gatherer(Generic[C, R]):
    """Runs one use case for all who ask at the same time, in a task of its own that outlives its callers.

    `execute` returns for each command a result, or the Problem that refuses it, in which case it wrote nothing for that
    command. `render` turns a result into the answer, which is stored with the effects and repeated to the byte.
    """

    def __init__(
        self, *, lane: Lane, execute: Execute[C, R], render: Callable[[R], StoredAnswer], limit: int = BATCH_LIMIT
    ) -> None:
        self._lane = lane
        self._execute = execute
        self._render = render
        self._limit = limit
        self._waiting: deque[_Item[C]] = deque()
        self._held_back: list[_Item[C]] = []
        self._task: asyncio.Task[None] | None = None

    async def submit(self, work: Work[C]) -> StoredAnswer:
        """Return the answer after its transaction is committed; raise the Problem that refuses the work."""
        if len(self._waiting) >= WAITING_LIMIT:
            raise unavailable()
        item = _Item(work)
        self._waiting.append(item)
        if self._task is None or self._task.done():
            # A context of its own: what one request bound to its context must not color the others.
            self._task = asyncio.get_running_loop().create_task(self._drain(), context=contextvars.Context())
        return await item.answer

    async def close(self) -> None:
        """Wait until everything that was submitted is answered."""
        if self._task is not None:
            await self._task

    async def _drain(self) -> None:
        while self._waiting:
            async with self._lane.turn:
                batch = self._take()
                metrics.BATCH_SIZE.observe(len(batch))
                await self._settle(batch)
            stuck = len(self._held_back) >= len(batch)
            self._waiting.extendleft(reversed(self._held_back))
            self._held_back.clear()
            if stuck:
                await asyncio.sleep(LOCKED_PAUSE_SECONDS)

    def _take(self) -> list[_Item[C]]:
        """Return the next batch: a repeated intent joins its first, or waits for it where the content differs."""
        batch: dict[Intent, _Item[C]] = {}
        while self._waiting and len(batch) < self._limit:
            item = self._waiting.popleft()
            first = batch.setdefault(item.work.intent, item)
            if first is item:
                continue
            if first.work.request_hash == item.work.request_hash:
                first.answers += item.answers
            else:
                self._held_back.append(item)
        return list(batch.values())

    async def _settle(self, batch: list[_Item[C]]) -> None:
        """Give every item its answer; halve a batch that fails, until the bad item fails alone."""
        try:
            await self._attempt(batch)
        except Exception as error:  # noqa: BLE001 - whatever it is, each caller must hear of it
            if outages.is_away(error) or outages.is_transient(error):
                log.warning("batch_unavailable", items=len(batch), sqlstate=outages.sqlstate(error))
                for item in batch:
                    item.give(unavailable())
            elif len(batch) > 1:
                middle = len(batch) // 2
                await self._settle(batch[:middle])
                await self._settle(batch[middle:])
            else:
                batch[0].give(_of_one(error))

    async def _attempt(self, batch: list[_Item[C]]) -> None:
        """Run the transaction, again after a deadlock, and once after the connection was lost.

        A loss may hide a COMMIT that succeeded. Running again is what reads each intent again: reserving it waits for
        the lost transaction to end, and finds its answer if it was committed.
        """
        lost = False
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with asyncio.timeout(TRANSACTION_SECONDS):
                    outcomes = await self._transact(batch)
            except Exception as error:
                again = outages.is_transient(error) or (outages.is_lost(error) and not lost)
                if not again or attempt == ATTEMPTS:
                    raise
                lost = lost or outages.is_lost(error)
                await asyncio.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311 - jitter
            else:
                for item, outcome in outcomes:
                    item.give(outcome)
                await self._committed()
                return

    async def _transact(self, batch: list[_Item[C]]) -> list[tuple[_Item[C], StoredAnswer | Exception]]:
        async with self._lane.engine.begin() as connection:
            if self._lane.on_begin is not None:
                await self._lane.on_begin(connection)
            ready, locked = await self._lock(connection, batch)
            ours = await store.reserve(connection, [item.work for item in ready])
            repeated = [item for item in ready if item.work.intent not in ours]
            outcomes = await self._repeat(connection, repeated)
            outcomes += await self._execute_new(connection, [item for item in ready if item.work.intent in ours])
        self._hold_back(locked)
        return outcomes

    async def _lock(self, connection: AsyncConnection, batch: list[_Item[C]]) -> tuple[list[_Item[C]], list[_Item[C]]]:
        """Part the batch into what can run now, and what waits for a customer or behind such an item."""
        wanted = sorted({customer_id for item in batch for customer_id in item.work.customer_ids})
        if self._lane.lock_customers is None or not wanted:
            return batch, []
        free = set(await self._lane.lock_customers(connection, wanted))
        ready, locked = [], []
        for item in batch:
            if free.issuperset(item.work.customer_ids):
                ready.append(item)
            else:
                locked.append(item)
                free.difference_update(item.work.customer_ids)
        return ready, locked

    def _hold_back(self, locked: list[_Item[C]]) -> None:
        now = asyncio.get_running_loop().time()
        for item in locked:
            if now < item.patient_until:
                self._held_back.append(item)
            else:
                item.give(unavailable())

    async def _repeat(
        self, connection: AsyncConnection, items: list[_Item[C]]
    ) -> list[tuple[_Item[C], StoredAnswer | Exception]]:
        known = await store.read(connection, [item.work.intent for item in items])
        outcomes: list[tuple[_Item[C], StoredAnswer | Exception]] = []
        for item in items:
            request_hash, answer = known[item.work.intent]
            same = request_hash == item.work.request_hash
            outcomes.append((item, answer if same else Problem(KEY_REUSED)))
        return outcomes

    async def _execute_new(
        self, connection: AsyncConnection, items: list[_Item[C]]
    ) -> list[tuple[_Item[C], StoredAnswer | Exception]]:
        if not items:
            return []
        results = await self._execute(connection, [item.work.command for item in items])
        outcomes = [
            (item, result if isinstance(result, Problem) else self._render(result))
            for item, result in zip(items, results, strict=True)
        ]
        answers = {item.work.intent: each for item, each in outcomes if isinstance(each, StoredAnswer)}
        await store.keep(connection, answers)
        await store.release(connection, [item.work.intent for item, _ in outcomes if item.work.intent not in answers])
        return list(outcomes)

    async def _committed(self) -> None:
        if self._lane.after_commit is None:
            return
        try:
            await self._lane.after_commit()
        except Exception:  # noqa: BLE001 - only a wake-up: the relay's slow poll is the net
            log.warning("after_commit_failed")


def _of_one(error: Exception) -> Exception:
    """Return what the caller of the one bad item hears: the database's refusal as a problem, anything else as it is."""
    if not outages.is_refusal(error):
        return error
    log.warning("refused_by_database", sqlstate=outages.sqlstate(error))
    return Problem(CONFLICT if outages.sqlstate(error).startswith("23") else INVALID)
