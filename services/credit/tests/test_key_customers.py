"""Key customers: those whom people name, and the first by sales, ranked at the monthly review (C1, C15)."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from services.credit.domain.key_customers import SalesPolicy
from services.credit.tests.books import TODAY, Ledger
from services.credit.tests.days import follow, open_day, rows, work_day
from services.credit.tests.erp import POLICY, Erp

REVIEW = date(2026, 5, 1)
TWO = replace(
    POLICY, first_by_sales=SalesPolicy(first=2, window_days=365, rates={"CNY": Decimal(1), "USD": Decimal(7)})
)
TOLD = """
    SELECT CAST(body AS jsonb) -> 'facts' ->> 'customer_number', CAST(body AS jsonb) -> 'facts' ->> 'key_customer'
    FROM outbox WHERE wire = 'credit.customer-profile-changed.v1' ORDER BY id
"""


async def sell(engine: AsyncEngine, books: Ledger, invoice: str, minor: int, *, on: date = TODAY) -> None:
    """Issue an invoice on that day, which credit hears at once."""
    books.issue(invoice, minor, on=on)
    await open_day(engine, on)
    await follow(engine, [books.news()], today=on)


async def review(engine: AsyncEngine, day: date) -> None:
    """Let a day come and be worked, with two places in the ranking."""
    await open_day(engine, day)
    await work_day(engine, day, policy=TWO)


async def key(erp: Erp, number: str) -> Any:
    """Return what the explanation says of a key customer."""
    (shown,) = (await erp.get("/v1/customers", customer_number=number))["items"]
    return (await erp.get(f"/v1/customers/{shown['customer_id']}/explanation"))["key_customer"]


async def test_the_first_by_sales_are_key_customers_from_the_review_on(erp: Erp, engine: AsyncEngine) -> None:
    """C1: by all that was invoiced, in one currency at rough rates; others hear of it, and the answer says why."""
    for number in ("K1", "K2", "K3"):
        await erp.customer(number, key_customer=number == "K3")
    await sell(engine, Ledger("K1"), "A1", 500_00)
    await sell(engine, Ledger("K2", currency="USD"), "B1", 100_00)
    await sell(engine, Ledger("K3"), "C1", 400_00)
    assert (await key(erp, "K1"))["ranked_date"] is None

    await review(engine, REVIEW)

    marked = {each["customer_number"]: each["top_by_sales"] for each in (await erp.get("/v1/customers"))["items"]}
    assert marked == {"K1": True, "K2": True, "K3": False}
    assert sorted(await rows(engine, TOLD)) == [("K1", "true"), ("K2", "true")]
    assert await key(erp, "K2") == {
        "named": False,
        "top_by_sales": True,
        "ranked_date": "2026-03-31",
        "place": 1,
        "sales": "700.00",
    }
    assert (await key(erp, "K3"))["named"]
    shown = (await erp.get("/v1/customers", customer_number="K1"))["items"][0]
    assert shown["version"] == 1
    (change, *_) = (await erp.get(f"/v1/customers/{shown['customer_id']}/history"))["items"]
    assert (change["field"], change["before"], change["after"], change["source"]) == (
        "top_by_sales",
        False,
        True,
        "sales",
    )


async def test_what_was_credited_sold_long_ago_or_just_now_does_not_count(erp: Erp, engine: AsyncEngine) -> None:
    """C1: the twelve months that were known a month before the review, without what credit notes took away."""
    books = {number: Ledger(number) for number in ("K1", "K2", "K3", "K4")}
    for number in books:
        await erp.customer(number)
    books["K1"].issue("A1", 900_00)
    books["K1"].credit("N1", "A1", 890_00)
    await follow(engine, [books["K1"].news()])
    await sell(engine, books["K2"], "B1", 20_00)
    await sell(engine, books["K3"], "C1", 30_00, on=date(2026, 3, 31))
    await sell(engine, books["K4"], "D1", 999_00, on=date(2026, 4, 1))
    await review(engine, REVIEW)
    assert [(await key(erp, each))["place"] for each in books] == [None, 2, 1, None]

    await review(engine, date(2027, 4, 29))
    assert [(await key(erp, each))["top_by_sales"] for each in books] == [False, False, True, True]
    assert await rows(engine, "SELECT count(*) FROM sales_ranking") == [(2,)]


async def test_a_ranking_is_made_once_for_all_who_ask_on_a_day(erp: Erp, engine: AsyncEngine) -> None:
    """C1: whoever is reviewed later that day, in another chunk or partition, is measured by the same ranking."""
    await erp.customer("K1")
    await sell(engine, Ledger("K1"), "A1", 10_00)
    await review(engine, REVIEW)
    before = await rows(engine, "SELECT CAST(ranked AS text) FROM sales_ranking")
    await erp.customer("K2")
    late = Ledger("K2")
    late.issue("B1", 99_00, on=TODAY)
    await follow(engine, [late.news()], today=TODAY)
    async with engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE timer SET due_date = '2026-05-01' WHERE kind = 'review'")
        await connection.exec_driver_sql("UPDATE customer SET next_date = '2026-05-01'")
    await review(engine, REVIEW)
    assert await rows(engine, "SELECT CAST(ranked AS text) FROM sales_ranking") == before
    assert (await key(erp, "K2"))["top_by_sales"] is False


async def test_without_the_section_only_people_name_key_customers(erp: Erp, engine: AsyncEngine) -> None:
    """C1: a policy that says nothing of sales ranks nobody."""
    await erp.customer("K1")
    await sell(engine, Ledger("K1"), "A1", 10_00)
    await open_day(engine, REVIEW)
    await work_day(engine, REVIEW, policy=replace(POLICY, first_by_sales=None))
    assert await rows(engine, "SELECT count(*) FROM sales_ranking") == [(0,)]
