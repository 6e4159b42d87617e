"""The ledger's facts on a real database: however they are cut, the rows and the outbox are the same."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.credit.tests.books import TODAY, Ledger
from services.credit.tests.days import follow, rows, work_day
from services.credit.tests.erp import Erp
from shared.messaging.subscription import Received, Refused

TOMORROW = TODAY + timedelta(days=1)
_TABLES = {
    "balance": "customer_id, entity, currency",
    "receivable": "invoice_id",
    "reservation": "reservation_id",
    "instalment": "instalment_id, known_from",
    "timer": "customer_id, kind",
    "score": "ordinal",
    "grading": "customer_id",
    "profile": "customer_id",
    "risk": "customer_id",
    "recorded_change": "ordinal",
    "customer": "customer_id",
    "outbox": "id",
}


async def dump(engine: AsyncEngine) -> dict[str, list[Any]]:
    """All rows that following the ledger writes; where a transaction began inside of the outbox is no part of it."""
    return {
        table: await rows(
            engine,
            f"SELECT to_jsonb(t) - 'batch_ordinal' - 'id' - 'ordinal' FROM {table} AS t ORDER BY {order}",
        )
        for table, order in _TABLES.items()
    }


def facts() -> list[Received]:
    """A year of three customers, one of them in two currencies, as the ledger tells it."""
    books = [Ledger("K1"), Ledger("K2"), Ledger("K3", entity="us01", currency="USD")]
    for book in books:
        book.issue("R1", 30000, order="O-1")
        book.issue("R2", 30000, order="O-1")
        book.pay("P1", 45000, "R1", "R2")
        book.issue("R3", 5000)
        book.credit("C1", "R3", 6000)
        book.reverse("P1", "R2", 15000, 0)
        book.pay("P2", 1000)
        book.refund("P2", 400, 1000)
        book.issue("R4", 2000, order="O-2")
        book.cancel("R4")
        book.issue("R5", 5000, due=TODAY - timedelta(days=40))
        book.pay("P3", 5000, "R5")
    return [fact for together in zip(*(book.facts for book in books), strict=True) for fact in together]


def cut(facts: Sequence[Received], seed: int) -> Iterator[Sequence[Received]]:
    """The same facts in batches of random sizes."""
    draw = random.Random(seed)  # noqa: S311 - repeatable, not secret
    start = 0
    while start < len(facts):
        end = start + draw.randint(1, 12)
        yield facts[start:end]
        start = end


async def test_batches_cut_at_random_give_the_same_rows_and_the_same_outbox(erp: Erp, engine: AsyncEngine) -> None:
    """P4, architecture 5: the cut of the batches shows in no row and in no event."""
    for number, currency in (("K1", "CNY"), ("K2", "CNY"), ("K3", "USD")):
        await erp.customer(number, limit={"amount": "1000.00", "currency": currency})
        assert (await erp.check(number, "O-1", "500.00", currency))["decision"] == "approve"
    async with engine.begin() as connection:
        for table in _TABLES:
            await connection.exec_driver_sql(f"CREATE TABLE before_{table} AS SELECT * FROM {table}")
    await follow(engine, [facts()])
    whole = await dump(engine)
    assert [row[0]["rest_minor"] for row in whole["reservation"]] == [0, 0, 0]
    assert len(whole["score"]) == 6
    turns = [row[0]["body"] for row in whole["outbox"] if "alert-level" in row[0]["wire"]]
    assert len(turns) == 3, "the debt turns every light, and the grade that follows keeps it"
    for seed in range(6):
        async with engine.begin() as connection:
            await connection.exec_driver_sql("TRUNCATE balance, receivable, instalment, score, grading")
            await connection.exec_driver_sql("DELETE FROM outbox WHERE id NOT IN (SELECT id FROM before_outbox)")
            await connection.exec_driver_sql(
                "UPDATE reservation AS r SET rest_minor = b.rest_minor, state = b.state, closed_date = b.closed_date "
                "FROM before_reservation AS b WHERE b.reservation_id = r.reservation_id"
            )
            await connection.exec_driver_sql(
                "DELETE FROM recorded_change WHERE change_id NOT IN (SELECT change_id FROM before_recorded_change)"
            )
            await connection.exec_driver_sql(
                "UPDATE profile AS p SET grade = b.grade, version = b.version FROM before_profile AS b "
                "WHERE b.customer_id = p.customer_id"
            )
            await connection.exec_driver_sql("TRUNCATE risk")
            await connection.exec_driver_sql("INSERT INTO risk SELECT * FROM before_risk")
            await connection.exec_driver_sql("TRUNCATE timer")
            await connection.exec_driver_sql("INSERT INTO timer SELECT * FROM before_timer")
            await connection.exec_driver_sql(
                "UPDATE customer AS c SET next_date = b.next_date FROM before_customer AS b "
                "WHERE b.customer_id = c.customer_id"
            )
        await follow(engine, cut(facts(), seed))
        assert await dump(engine) == whole


async def test_the_balance_is_the_sum_of_the_receivables(engine: AsyncEngine) -> None:
    """Faults 6.5: per customer, entity and currency, what is open by invoice adds up to the balance."""
    await follow(engine, cut(facts(), 1))
    balances = await rows(engine, "SELECT customer_id, open_minor, unapplied_minor FROM balance ORDER BY 1")
    receivables = await rows(
        engine, "SELECT customer_id, CAST(sum(open_minor) AS bigint) FROM receivable GROUP BY 1 ORDER BY 1"
    )
    assert [each[:2] for each in balances] == receivables
    assert {each[1:] for each in balances} == {(30000, 1600)}


async def test_invoices_consume_what_their_order_reserved(erp: Erp, engine: AsyncEngine) -> None:
    """C5: consumed up to its amount, by several invoices; what is over it needs no reservation."""
    await erp.customer("K1", limit={"amount": "1000.00", "currency": "CNY"})
    await erp.check("K1", "O-1", "500.00")
    books = Ledger("K1")
    books.issue("R1", 20000, order="O-1")
    books.issue("R2", 10000, order="O-other")
    await follow(engine, [books.facts])
    (shown,) = (await erp.get("/v1/exposures", customer_number="K1"))["items"]
    assert (shown["exposure"]["amount"], shown["free"]["amount"]) == ("600.00", "400.00")
    assert [(each["entity"], each["open_receivables"]) for each in shown["balances"]] == [("cn01", "300.00")]
    books.issue("R3", 40000, order="O-1")
    await follow(engine, [books.facts[2:]])
    held = (await erp.get("/v1/reservations", customer_number="K1"))["items"]
    assert [(each["state"], each["rest"], each["closed_date"]) for each in held] == [("consumed", "0.00", str(TODAY))]
    consumed = await rows(
        engine,
        "SELECT CAST(body AS jsonb) -> 'amount_minor', CAST(body AS jsonb) -> 'rest_minor' FROM outbox "
        "WHERE wire = 'credit.credit-consumed.v1' ORDER BY id",
    )
    assert consumed == [(20000, 30000), (30000, 0)]


async def test_an_invoice_that_comes_before_its_day_consumes_on_its_day(erp: Erp, engine: AsyncEngine) -> None:
    """C5, faults 6.7: the ledger tells of a day before its marker; row and event name that day. Chaos, seed 201."""
    await erp.customer("K1", limit={"amount": "1000.00", "currency": "CNY"})
    await erp.check("K1", "O-1", "500.00")
    books = Ledger("K1")
    books.issue("R1", 50000, order="O-1")
    early = [replace(each, envelope=replace(each.envelope, business_date=TOMORROW)) for each in books.facts]
    await follow(engine, [early])
    [held] = (await erp.get("/v1/reservations", customer_number="K1"))["items"]
    assert (held["state"], held["closed_date"]) == ("consumed", str(TOMORROW))
    told = "SELECT business_date FROM outbox WHERE wire = 'credit.credit-consumed.v1'"
    assert await rows(engine, told) == [(TOMORROW,)]


async def test_an_invoice_that_came_before_its_check_is_not_counted_twice(erp: Erp, engine: AsyncEngine) -> None:
    """C5: the order's check adds only what is not invoiced yet; a second one finds nothing more to match."""
    await erp.customer("K1", limit={"amount": "1000.00", "currency": "CNY"})
    books = Ledger("K1")
    books.issue("R1", 60000, order="O-1")
    await follow(engine, [books.facts])
    answer = await erp.check("K1", "O-1", "900.00")
    assert (answer["decision"], answer["reserved"]["amount"]) == ("approve", "300.00")
    assert [each["code"] for each in answer["reasons"]] == ["within_limit", "already_invoiced"]
    again = await erp.check("K1", "O-1", "200.00")
    assert (again["decision"], again["prepayment"]["amount"]) == ("prepayment", "100.00")


async def test_a_reservation_ends_on_the_first_day_after_its_last(erp: Erp, engine: AsyncEngine) -> None:
    """C5, L7: it expires after 30 days, at the first marker after that date, and the day's work does not come again."""
    await erp.customer("K1", limit={"amount": "1000.00", "currency": "CNY"})
    await erp.check("K1", "O-1", "500.00")
    last = TODAY + timedelta(days=30)
    await work_day(engine, last)
    assert [each["state"] for each in (await erp.get("/v1/reservations", customer_number="K1"))["items"]] == ["live"]
    assert await work_day(engine, last + timedelta(days=3)) == 1
    held = (await erp.get("/v1/reservations", customer_number="K1"))["items"]
    assert [(each["state"], each["closed_date"]) for each in held] == [("expired", str(last + timedelta(days=3)))]
    assert await rows(engine, "SELECT kind, next_date FROM customer JOIN timer USING (customer_id)") == [
        ("review", date(2026, 5, 1))
    ]
    released = await rows(engine, "SELECT body FROM outbox WHERE wire = 'credit.credit-released.v1'")
    assert [('"amount_minor":50000' in body, '"reason":"expired"' in body) for (body,) in released] == [(True, True)]


async def test_a_reservation_is_released_once(erp: Erp, engine: AsyncEngine) -> None:
    """C5: a release gives back the rest; what has ended cannot be released."""
    await erp.customer("K1", limit={"amount": "1000.00", "currency": "CNY"})
    held = (await erp.check("K1", "O-1", "1000.00"))["reservation_id"]
    assert (await erp.check("K1", "O-2", "1.00"))["decision"] == "prepayment"
    released = await erp.post(f"/v1/reservations/{held}/release")
    assert (released.status_code, released.json()["state"]) == (200, "released")
    assert (await erp.post(f"/v1/reservations/{held}/release")).status_code == 409
    assert (await erp.check("K1", "O-2", "1.00"))["decision"] == "approve"


async def test_a_fact_about_an_invoice_that_was_never_issued_is_refused(engine: AsyncEngine) -> None:
    """P6: such an event is bad by itself, and parks its customer."""
    books = Ledger("K1")
    books.issue("R1", 100)
    books.cancel("R1")
    with pytest.raises(Refused, match="never applied"):
        await follow(engine, [books.facts[1:]])
    assert await rows(engine, "SELECT count(*) FROM balance") == [(0,)]
