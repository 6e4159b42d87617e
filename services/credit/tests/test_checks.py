"""The answers to orders: approve, prepayment, refuse, with reasons and numbers (C5)."""

from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.credit.api.shown import CheckShown
from services.credit.tests.books import TODAY, Ledger
from services.credit.tests.days import follow, open_day, rows
from services.credit.tests.erp import Erp, policy_file, replicas


def codes(answer: dict[str, list[dict[str, str]]]) -> list[str]:
    """The codes of an answer's reasons."""
    return [each["code"] for each in answer["reasons"]]


async def test_an_order_within_the_limit_is_approved_and_reserved(erp: Erp, engine: AsyncEngine) -> None:
    """C5: an approval reserves, bears the order number, and lives thirty days."""
    customer_id = await erp.customer("K1", limit={"amount": "1000.00", "currency": "CNY"})
    answer = await erp.check("K1", "O-1", "400.00")
    CheckShown.model_validate(answer, strict=False)
    assert answer["decision"] == "approve"
    assert codes(answer) == ["within_limit"]
    assert answer["limit"] == {"holder": "customer", "amount": "1000.00", "currency": "CNY"}
    assert answer["exposure"]["before"] == {"amount": "0.00", "currency": "CNY"}
    assert answer["exposure"]["with_order"] == {"amount": "400.00", "currency": "CNY"}
    assert answer["expires_date"] == "2026-04-01"
    held = await erp.get("/v1/reservations", customer_number="K1", state="live")
    assert [(each["reservation_id"], each["order_number"], each["rest"]) for each in held["items"]] == [
        (answer["reservation_id"], "O-1", "400.00")
    ]
    assert await erp.get(f"/v1/credit-checks/{answer['check_id']}") == answer
    outgoing = await rows(engine, "SELECT wire, customer_id FROM outbox ORDER BY id")
    assert outgoing == [
        ("credit.customer-registered.v1", customer_id),
        ("credit.credit-limit-changed.v1", customer_id),
        ("credit.credit-terms-changed.v1", customer_id),
        ("credit.credit-reserved.v1", customer_id),
    ]


async def test_over_the_limit_the_excess_is_asked_for_in_advance(erp: Erp, engine: AsyncEngine) -> None:
    """C5: receivables plus reservations less unapplied cash count; beyond the limit the excess is prepaid."""
    await erp.customer("K1", limit={"amount": "1000.00", "currency": "CNY"})
    books = Ledger("K1")
    books.issue("R1", 70000)
    books.pay("P1", 10000)
    await follow(engine, [books.facts])
    await erp.check("K1", "O-1", "100.00")
    answer = await erp.check("K1", "O-2", "500.00")
    assert answer["decision"] == "prepayment"
    assert answer["prepayment"] == {"amount": "200.00", "currency": "CNY"}
    assert codes(answer) == ["over_limit"]
    assert answer["reservation_id"] is None
    assert answer["exposure"]["parts"] == [
        {
            "currency": "CNY",
            "open_receivables": "700.00",
            "live_reservations": "100.00",
            "unapplied_cash": "100.00",
            "exposure": "700.00",
        }
    ]


async def test_the_group_block_counts_all_members(erp: Erp) -> None:
    """C5: the limit of the group binds its members together."""
    for number in ("K1", "K2"):
        await erp.customer(number, limit={"amount": "1000.00", "currency": "CNY"}, group="north")
    await erp.put("/v1/groups/north", {"limit": {"amount": "1200.00", "currency": "CNY"}})
    assert (await erp.check("K1", "O-1", "900.00"))["decision"] == "approve"
    answer = await erp.check("K2", "O-2", "500.00")
    assert (answer["decision"], answer["prepayment"]["amount"]) == ("prepayment", "200.00")
    assert codes(answer) == ["over_group_limit"]
    assert answer["group"]["exposure"]["with_order"]["amount"] == "1400.00"


async def test_grade_d_pays_all_in_advance(erp: Erp) -> None:
    """C5: grade D: 100 %."""
    await erp.customer("K1", limit={"amount": "1000.00", "currency": "CNY"}, grade="D")
    answer = await erp.check("K1", "O-1", "10.00")
    assert (answer["decision"], answer["prepayment"]["amount"], codes(answer)) == (
        "prepayment",
        "10.00",
        ["grade_d", "light_red"],
    )
    assert (answer["light"], answer["terms_days"]) == ("red", 0)


async def test_blacklist_insolvency_and_parking_refuse(erp: Erp, engine: AsyncEngine) -> None:
    """C5, C9: blacklist or insolvency refuse, and a parked customer is one at whom a person must look."""
    customer_id = await erp.customer("K1", limit={"amount": "1000.00", "currency": "CNY"})
    path = f"/v1/customers/{customer_id}"
    listed = await erp.post(f"{path}/blacklisting", {"reason": "fraud", "note": "see file 7"})
    assert (listed.status_code, listed.json()["blacklisted"]) == (200, True)
    assert (await erp.post(f"{path}/blacklisting", {"reason": "fraud"})).status_code == 409
    await erp.post(f"{path}/insolvency", {"opened_date": "2026-02-01"})
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE customer SET parked_at = now()"))
    answer = await erp.check("K1", "O-1", "10.00")
    assert answer["decision"] == "refuse"
    assert codes(answer) == ["customer_parked", "insolvency", "blacklisted"]
    assert "a person must look" in answer["reasons"][0]["text"]
    delisted = await erp.post(f"{path}/delisting", {"reason": "settled"})
    assert delisted.json()["blacklisted"] is False
    wires = [wire for (wire,) in await rows(engine, "SELECT wire FROM outbox ORDER BY id OFFSET 3")]
    assert wires == [
        "credit.customer-blacklisted.v1",
        "credit.alert-level-changed.v1",
        "credit.credit-terms-changed.v1",
        "credit.insolvency-recorded.v1",
        "credit.customer-delisted.v1",
    ]


async def test_an_unknown_customer_runs_under_the_new_customer_policy(erp: Erp) -> None:
    """C5: a small limit from the policy file; where it names none for the currency, all in advance."""
    small = await erp.check("NEW", "O-1", "5000.00")
    assert (small["decision"], small["known_customer"]) == ("approve", False)
    assert small["limit"] == {"holder": "new_customer", "amount": "20000.00", "currency": "CNY"}
    yen = await erp.check("NEW2", "O-1", "5000", "JPY")
    assert (yen["decision"], yen["prepayment"], codes(yen)) == (
        "prepayment",
        {"amount": "5000", "currency": "JPY"},
        ["no_limit"],
    )


async def test_a_missing_rate_is_a_refusal_that_says_what_to_post(erp: Erp, engine: AsyncEngine) -> None:
    """C5: exposure in other currencies is measured by dated rates; without one the reason names it."""
    await erp.customer("K1", limit={"amount": "1000.00", "currency": "CNY"})
    books = Ledger("K1", currency="USD")
    books.issue("R1", 10000)
    await follow(engine, [books.facts])
    refused = await erp.check("K1", "O-1", "100.00")
    assert (refused["decision"], codes(refused)) == ("refuse", ["exchange_rate_missing"])
    assert "base USD and quote CNY" in refused["reasons"][0]["text"]
    rate = {"base": "USD", "quote": "CNY", "rate": "7.125", "date": "2026-03-01"}
    assert (await erp.post("/v1/exchange-rates", rate)).status_code == 201
    await erp.post("/v1/exchange-rates", {**rate, "rate": "99", "date": "2026-03-03"})
    answer = await erp.check("K1", "O-2", "100.00")
    assert answer["exposure"]["with_order"]["amount"] == "812.50"
    assert answer["exchange_rates"] == [{"base": "USD", "quote": "CNY", "rate": "7.125"}]
    over = await erp.check("K1", "O-3", "50.00", "USD")
    assert over["prepayment"] == {"amount": "23.69", "currency": "USD"}


async def test_the_portfolio_warns_and_does_not_refuse(database: str, engine: AsyncEngine, tmp_path: Path) -> None:
    """C5, C11: industry, country and concentration warn before they are passed."""
    portfolio = {
        "currency": "CNY",
        "warn_from_pct": 90,
        "customer_share_pct": 60,
        "industries": {"construction": "1000.00"},
        "countries": {"CN": "5000.00"},
    }
    policy = policy_file(tmp_path, portfolio=portfolio)
    async with replicas(database, tmp_path, credit_policy_file=policy) as erp:
        limit = {"amount": "10000.00", "currency": "CNY"}
        await erp.customer("K1", limit=limit, industry="construction")
        await erp.customer("K2", limit=limit, industry="trade", country="DE")
        assert [each["code"] for each in (await erp.check("K2", "O-1", "800.00"))["warnings"]] == ["concentration"]
        assert (await erp.check("K1", "O-2", "890.00"))["warnings"] == []
        answer = await erp.check("K1", "O-3", "10.00")
        assert answer["decision"] == "approve"
        assert [each["code"] for each in answer["warnings"]] == ["industry_limit"]


async def test_before_the_first_business_day_the_calendar_counts(database: str, tmp_path: Path) -> None:
    """P7: credit answers while no ledger has ever spoken."""
    async with replicas(database, tmp_path) as erp:
        assert (await erp.check("NEW", "O-1", "5.00"))["decision"] == "approve"


async def test_a_repeated_check_gets_its_first_answer(erp: Erp, engine: AsyncEngine) -> None:
    """P8: the same key and body reserve once and answer the same bytes."""
    body = {"customer_number": "K1", "order_number": "O-1", "amount": "5.00", "currency": "CNY"}
    first = await erp.post("/v1/credit-checks", body, key="the-same-key")
    await open_day(engine, TODAY.replace(day=3))
    second = await erp.post("/v1/credit-checks", body, key="the-same-key")
    assert first.content == second.content
    assert await rows(engine, "SELECT count(*) FROM reservation") == [(1,)]
    other = await erp.post("/v1/credit-checks", {**body, "amount": "6.00"}, key="the-same-key")
    assert other.status_code == 422
