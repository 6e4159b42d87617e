import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from shared.ids import new_id
from shared.web import gather
from shared.web.idempotency import StoredAnswer
from shared.web.problem_types import CONFLICT, KEY_REUSED, UNAVAILABLE
from shared.web.problems import Problem
from shared.web.tests.shelf import Shelf, open_shelf
from shared.web.tests.wire import wire_to


@pytest.fixture
async def second(database: str) -> AsyncIterator[Shelf]:
    """Another process on the same database."""
    made = open_shelf(database)
    yield made
    await made.engine.dispose()


async def test_many_requests_share_few_transactions(shelf: Shelf) -> None:
    """P8: a crowd is gathered, 200 to a transaction at most; the first does not wait for the others."""
    answers = await asyncio.gather(*(shelf.put(f"thing-{number:03}") for number in range(300)))
    assert [answer.body for answer in answers] == [b'{"name": "thing-%03d"}' % number for number in range(300)]
    assert len(await shelf.things()) == 300
    assert shelf.transactions <= 4
    assert max(shelf.batches) <= 200
    assert shelf.wakes == shelf.transactions


async def test_a_repeat_gets_the_same_bytes_and_another_body_is_refused(shelf: Shelf) -> None:
    """P8, faults 3.38: one effect per key; the key with another request is a 422."""
    first = await shelf.put("chair", key="one-intent")
    assert await shelf.put("chair", key="one-intent") == first == StoredAnswer(201, b'{"name": "chair"}')
    with pytest.raises(Problem) as refusal:
        await shelf.put("table", key="one-intent")
    assert refusal.value.kind is KEY_REUSED
    assert await shelf.things() == ["chair"]


async def test_one_key_twice_in_a_batch_is_one_item(shelf: Shelf) -> None:
    """P8: repeats that arrive together execute once; a different request under the key waits, then is refused."""
    first, again, other = await asyncio.gather(
        shelf.put("chair", key="one-intent"),
        shelf.put("chair", key="one-intent"),
        shelf.put("table", key="one-intent"),
        return_exceptions=True,
    )
    assert first == again
    assert isinstance(other, Problem)
    assert other.kind is KEY_REUSED
    assert await shelf.things() == ["chair"]


async def test_row_46_two_processes_give_one_key_one_answer(shelf: Shelf, second: Shelf) -> None:
    """Faults 2.46: the same request, fifty times over two processes at once, has one effect and one answer."""
    puts = [process.put("chair", key="one-intent") for _ in range(25) for process in (shelf, second)]
    assert set(await asyncio.gather(*puts)) == {StoredAnswer(201, b'{"name": "chair"}')}
    assert await shelf.things() == ["chair"]


async def test_one_bad_item_fails_alone(shelf: Shelf) -> None:
    """P8: what the database refuses (SQLSTATE 23) hurts nobody else of the batch."""
    await shelf.put("chair")
    names = [f"thing-{number}" for number in range(20)]
    *good, bad = await asyncio.gather(
        *(shelf.put(name) for name in names), shelf.put("chair", key="another-intent"), return_exceptions=True
    )
    assert isinstance(bad, Problem)
    assert bad.kind is CONFLICT
    assert all(isinstance(answer, StoredAnswer) for answer in good)
    assert await shelf.things() == sorted(["chair", *names])


async def test_a_fault_of_ours_hurts_only_the_request_that_meets_it(shelf: Shelf) -> None:
    """P8: an exception in the use case goes to the item that causes it."""
    chair, bug, table = await asyncio.gather(
        shelf.put("chair"), shelf.put("bug"), shelf.put("table"), return_exceptions=True
    )
    assert isinstance(bug, LookupError)
    assert isinstance(chair, StoredAnswer)
    assert isinstance(table, StoredAnswer)


async def test_a_refusal_undoes_nobody_and_keeps_no_key(shelf: Shelf) -> None:
    """P8: a command refused by the use case may be corrected and sent again under its key."""
    refused, chair = await asyncio.gather(
        shelf.put("refused", key="one-intent"), shelf.put("chair"), return_exceptions=True
    )
    assert isinstance(refused, Problem)
    assert isinstance(chair, StoredAnswer)
    assert (await shelf.put("table", key="one-intent")).status == 201
    assert await shelf.things() == ["chair", "table"]


async def test_row_29_a_caller_that_goes_away_changes_nothing(shelf: Shelf) -> None:
    """Faults 2.29: the work of a disconnected caller is done, and its repeat gets the answer."""
    caller = asyncio.create_task(shelf.put("chair"))
    await asyncio.sleep(0.005)
    caller.cancel()
    assert (await shelf.put("chair")).body == b'{"name": "chair"}'
    assert await shelf.things() == ["chair"]


@pytest.mark.parametrize("sqlstate", ["40001", "40P01"])
async def test_row_30_deadlocks_and_serialization_failures_are_run_again(shelf: Shelf, sqlstate: str) -> None:
    """Faults 2.30: the whole transaction is retried; after the last try the answer is 503."""
    shelf.failures = [sqlstate] * 3
    assert (await shelf.put("chair")).status == 201
    assert shelf.transactions == 4
    shelf.failures = [sqlstate] * gather.ATTEMPTS
    with pytest.raises(Problem) as refusal:
        await shelf.put("table")
    assert refusal.value.kind is UNAVAILABLE


async def test_row_27_a_commit_of_unknown_outcome_is_read_again(database: str) -> None:
    """Faults 2.27: the line is cut when the server says COMMIT; the answer is the committed one, done once."""
    async with wire_to(make_url(database)) as (wire, through):
        shelf = open_shelf(through.render_as_string(hide_password=False))
        await shelf.put("warm-up")
        wire.cut_commits = 1
        chair, table = await asyncio.gather(shelf.put("chair"), shelf.put("table"))
        assert (chair.body, table.body) == (b'{"name": "chair"}', b'{"name": "table"}')
        assert wire.cut_commits == 0
        assert await shelf.things() == ["chair", "table", "warm-up"]
        await shelf.engine.dispose()


async def test_row_26_an_absent_database_is_a_503_and_comes_back(database: str) -> None:
    """Faults 2.26, 2.48: no hang and no false success; the pool heals by itself."""
    async with wire_to(make_url(database)) as (wire, through):
        shelf = open_shelf(through.render_as_string(hide_password=False))
        wire.down = True
        with pytest.raises(Problem) as refusal:
            await shelf.put("chair")
        assert refusal.value.kind is UNAVAILABLE
        assert refusal.value.headers["Retry-After"] == "2"
        wire.down = False
        assert (await shelf.put("chair")).status == 201
        await shelf.engine.dispose()


async def test_a_locked_customer_holds_up_nobody_else(database: str) -> None:
    """architecture, "Everything is a batch": items of a locked customer wait in order, the others go on."""
    shelf = open_shelf(database, lock=True)
    locked, free = new_id(), new_id()
    other = create_async_engine(database)
    async with other.begin() as connection:
        await connection.execute(text("INSERT INTO customer VALUES (:a), (:b)"), {"a": locked, "b": free})
    async with other.begin() as connection:
        await connection.execute(text("SELECT 1 FROM customer WHERE customer_id = :a FOR UPDATE"), {"a": locked})
        waiting = [asyncio.create_task(shelf.put(name, customer=locked)) for name in ("a-1", "a-2")]
        assert (await shelf.put("b-1", customer=free)).status == 201
        assert not any(task.done() for task in waiting)
    assert [answer.status for answer in await asyncio.gather(*waiting)] == [201, 201]
    await shelf.engine.dispose()
    await other.dispose()


async def test_a_customer_locked_for_too_long_is_a_503(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """P8: patience ends, and nothing was written."""
    monkeypatch.setattr(gather, "LOCKED_SECONDS", 0.1)
    shelf = open_shelf(database, lock=True)
    with pytest.raises(Problem) as refusal:
        await shelf.put("chair", customer=new_id())
    assert refusal.value.kind is UNAVAILABLE
    assert await shelf.things() == []
    await shelf.engine.dispose()


async def test_a_full_queue_is_a_503_at_once(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """P8: every queue has a limit."""
    monkeypatch.setattr(gather, "WAITING_LIMIT", 2)
    answers = await asyncio.gather(*(shelf.put(f"thing-{n}") for n in range(5)), return_exceptions=True)
    assert [isinstance(answer, Problem) for answer in answers] == [False, False, True, True, True]
