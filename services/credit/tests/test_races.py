"""Many orders at once: a limit is never exceeded by a cent, and nobody waits for himself (C5, faults 4.12, 6.6)."""

import asyncio
from collections import Counter

from sqlalchemy.ext.asyncio import AsyncEngine

from services.credit.tests.books import Ledger
from services.credit.tests.days import follow, rows
from services.credit.tests.erp import Erp

_HELD = "SELECT coalesce(sum(rest_minor), 0) FROM reservation WHERE state = 'live'"


async def test_fifty_at_once_never_exceed_the_limit_by_a_cent(crowd: Erp, engine: AsyncEngine) -> None:
    """C5: fifty orders of 33.34 on two replicas share a limit of 1,000.00: exactly 29 fit."""
    await crowd.customer("K1", limit={"amount": "1000.00", "currency": "CNY"})
    answers = await asyncio.gather(*(crowd.check("K1", f"O-{n}", "33.34") for n in range(50)))
    assert Counter(each["decision"] for each in answers) == {"approve": 29, "prepayment": 21}
    assert await rows(engine, _HELD) == [(29 * 3334,)]
    approved = [each["exposure"]["with_order"]["amount"] for each in answers if each["decision"] == "approve"]
    assert len(set(approved)) == 29, "each approval saw all those before it"


async def test_fifty_at_once_never_exceed_the_group_limit(crowd: Erp, engine: AsyncEngine) -> None:
    """C5: five members of one group order at once; the group's limit holds for the block."""
    for number in range(5):
        await crowd.customer(f"K{number}", limit={"amount": "1000.00", "currency": "CNY"}, group="north")
    await crowd.put("/v1/groups/north", {"limit": {"amount": "500.01", "currency": "CNY"}})
    answers = await asyncio.gather(*(crowd.check(f"K{n % 5}", f"O-{n}", "20.00") for n in range(50)))
    assert Counter(each["decision"] for each in answers) == {"approve": 25, "prepayment": 25}
    assert await rows(engine, _HELD) == [(50000,)]


async def test_orders_registrations_and_payments_in_opposite_orders_never_deadlock(
    crowd: Erp, engine: AsyncEngine
) -> None:
    """Architecture, lock order: groups before customers, each by key, whoever asks; no deadlock is even broken."""
    names = [f"K{n}" for n in range(6)]
    limit = {"amount": "100000.00", "currency": "CNY"}
    items = [
        {
            "customer_number": name,
            "name": name,
            "kind": "company",
            "country": "CN",
            "limit": limit,
            "group": f"g{n % 2}",
        }
        for n, name in enumerate(names)
    ]
    assert (await crowd.post("/v1/customers/batch", {"items": items})).status_code == 207
    books = [Ledger(name) for name in names]
    for book in books:
        book.issue("R1", 10000)
        book.pay("P1", 6000, "R1")
    before = await rows(engine, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    backwards = [{**item, "key_customer": False} for item in reversed(items)]
    await asyncio.gather(
        *(crowd.check(name, f"O-{name}-{n}", "1.00") for n in range(8) for name in reversed(names)),
        *(crowd.post("/v1/customers/batch", {"items": order}) for order in (items, backwards) * 4),
        *(
            crowd.put(f"/v1/groups/g{n % 2}", {"limit": {"amount": f"{90000 + n}.00", "currency": "CNY"}})
            for n in range(8)
        ),
        follow(engine, [[fact for book in books for fact in book.facts]]),
        follow(engine, [[]]),
    )
    after = await rows(engine, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    assert before == after
    assert await rows(engine, "SELECT sum(open_minor), sum(unapplied_minor) FROM balance") == [(6 * 4000, 0)]
    assert await rows(engine, _HELD) == [(48 * 100,)]


async def test_a_customer_held_elsewhere_does_not_hold_up_the_others(crowd: Erp, engine: AsyncEngine) -> None:
    """Architecture, gathering: orders of a customer whom the worker holds wait, together; all others are answered."""
    for number in ("K1", "K2"):
        await crowd.customer(number, limit={"amount": "1000.00", "currency": "CNY"})
    async with engine.connect() as worker:
        await worker.exec_driver_sql(
            "SELECT FROM customer JOIN profile USING (customer_id) WHERE customer_number = 'K1' FOR UPDATE OF customer"
        )
        waiting = asyncio.gather(*(crowd.check("K1", f"O-{n}", "600.00") for n in range(2)))
        assert (await crowd.check("K2", "O-1", "5.00"))["decision"] == "approve"
        assert not waiting.done()
        await worker.rollback()
        assert sorted(each["decision"] for each in await waiting) == ["approve", "prepayment"]
