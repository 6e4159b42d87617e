"""Light and terms through the REST, the facts of others and the days, and why they are so (C6, C15)."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.credit.tests.books import TODAY, Ledger
from services.credit.tests.days import follow, rows
from services.credit.tests.erp import Erp
from services.credit.tests.risk_story import LIMIT, MEANS, after, dated, decided, hear, lights, live, terms, told
from shared.contracts.collections import PromiseKept

pytestmark = pytest.mark.usefixtures("without_scores")


async def test_light_terms_and_hold_follow_a_customer_from_a_to_d_and_back(erp: Erp, engine: AsyncEngine) -> None:
    """C6: grade, age of debt, hold, payment: each changes what comes, and everything lifts by itself."""
    customer_id = await erp.customer("K1", limit=LIMIT, grade="A")
    path, books = f"/v1/customers/{customer_id}", Ledger("K1")
    books.issue("R1", 50_000, due=TODAY)
    await hear(engine, books)
    assert decided(await erp.check("K1", "O-1", "10.00")) == ("approve", "green", 30, ["within_limit"])
    await live(engine, 30, 31)
    assert decided(await erp.check("K1", "O-2", "10.00")) == ("approve", "yellow", 30, ["within_limit"])
    await erp.patch(path, {"grade": "D"}, version=1)
    assert decided(await erp.check("K1", "O-3", "10.00")) == ("prepayment", "red", 0, ["grade_d", "light_red"])
    books.stop_supply()
    await hear(engine, books, on=31)
    (hold,) = (await erp.get("/v1/holds", open="true", customer_number="K1"))["items"]
    assert (hold["reason"], hold["customer_number"], hold["lifted_date"]) == ("formal_demand", "K1", None)
    assert "on_hold" in decided(await erp.check("K1", "O-4", "10.00"))[3]
    books.pay("P1", 50_000, "R1", on=after(31))
    await hear(engine, books, on=31)
    assert (await erp.get("/v1/holds", open="true"))["items"] == []
    assert (await erp.get(f"/v1/holds/{hold['hold_id']}"))["lift_reason"] == "paid"
    await erp.patch(path, {"grade": "A"}, version=2)
    assert decided(await erp.check("K1", "O-5", "10.00")) == ("approve", "green", 30, ["within_limit"])
    assert await lights(engine) == [("yellow", ["debt_age"]), ("red", ["grade", "debt_age"]), ("green", [])]
    assert await terms(engine) == [(30, ["newcomer"]), (0, ["grade", "light_red"]), (30, ["newcomer"])]
    placed, lifted = await told(engine, "credit-hold-placed", "credit-hold-lifted")
    assert (placed["hold_id"], lifted["reason"]) == (lifted["hold_id"], "paid")


async def test_by_the_days_alone_a_debt_turns_the_light_and_its_payment_turns_it_back(
    erp: Erp, engine: AsyncEngine
) -> None:
    """C6: 31 days yellow, 61 red, on the marker of just these days; the payment lifts it at once."""
    await erp.customer("K1", limit=LIMIT, grade="B")
    books = Ledger("K1")
    books.issue("R1", 50_000, due=TODAY)
    await hear(engine, books)
    await live(engine, 30)
    assert await lights(engine) == []
    await live(engine, 31, 60)
    assert await lights(engine) == [("yellow", ["debt_age"])]
    await live(engine, 61)
    assert await lights(engine) == [("yellow", ["debt_age"]), ("red", ["debt_age"])]
    books.pay("P1", 50_000, "R1", on=after(62))
    await hear(engine, books, on=62)
    assert (await lights(engine))[2:] == [("green", [])]


async def test_what_comes_between_the_ledgers_day_and_its_marker_turns_no_light_back(
    erp: Erp, engine: AsyncEngine
) -> None:
    """P5, C6: money of day 31 shows a debt of 31 days; neither collections nor an order looks at day 30 again."""
    await erp.customer("K1", limit=LIMIT, grade="B")
    books = Ledger("K1")
    books.issue("R1", 50_000, due=TODAY)
    await hear(engine, books)
    await live(engine, 30)
    books.pay("P1", 100, on=after(31))
    await follow(engine, [[dated(fact, after(31))] for fact in books.news()], today=after(30))
    assert await lights(engine) == [("yellow", ["debt_age"])]
    books.end_promise("V1", PromiseKept)
    await hear(engine, books, on=30)
    assert decided(await erp.check("K1", "O-1", "10.00"))[1] == "yellow"
    await live(engine, 31)
    assert await lights(engine) == [("yellow", ["debt_age"])]


async def test_a_disputed_debt_does_not_turn_the_light_until_it_is_decided(erp: Erp, engine: AsyncEngine) -> None:
    """C6: collectible is undisputed; a rejected dispute counts at its full age."""
    await erp.customer("K1", limit=LIMIT)
    books = Ledger("K1")
    books.issue("R1", 50_000, due=TODAY)
    books.dispute("R1", 50_000)
    await hear(engine, books)
    await live(engine, 31, 70)
    assert await lights(engine) == []
    books.settle_dispute("R1", 50_000)
    await hear(engine, books, on=70)
    assert await lights(engine) == [("red", ["debt_age"])]
    assert await rows(engine, "SELECT count(*) FROM open_dispute") == [(0,)]


async def test_broken_promises_count_for_ninety_days(erp: Erp, engine: AsyncEngine) -> None:
    """C6: one is yellow, two are red; after ninety days each is forgotten by the day's work."""
    await erp.customer("K1", limit=LIMIT)
    books = Ledger("K1")
    books.end_promise("V1")
    await hear(engine, books)
    books.end_promise("V2")
    await hear(engine, books)
    assert await lights(engine) == [("yellow", ["promises_broken"]), ("red", ["promises_broken"])]
    await live(engine, 90)
    assert len(await lights(engine)) == 2
    await live(engine, 91)
    assert (await lights(engine))[2:] == [("green", [])]


async def test_nine_tenths_of_the_limit_are_yellow_until_something_is_free(erp: Erp, engine: AsyncEngine) -> None:
    """C6: an approval may turn the light, a release turns it back; the order itself keeps the terms it was given."""
    await erp.customer("K1", limit={"amount": "1000.00", "currency": "CNY"}, grade="B")
    first = await erp.check("K1", "O-1", "900.00")
    assert decided(first) == ("approve", "green", 30, ["within_limit"])
    assert await lights(engine) == [("yellow", ["exposure"])]
    assert decided(await erp.check("K1", "O-2", "10.00"))[1:3] == ("yellow", 15)
    await erp.post(f"/v1/reservations/{first['reservation_id']}/release")
    assert (await lights(engine))[1:] == [("green", [])]
    reserved = await told(engine, "credit-reserved")
    assert [each["terms_days"] for each in reserved] == [30, 15]


async def test_insolvency_and_blacklist_never_lift_by_themselves(erp: Erp, engine: AsyncEngine) -> None:
    """C6: red until a decision; days and payments change nothing."""
    customer_id = await erp.customer("K1", limit=LIMIT, grade="A")
    await erp.post(f"/v1/customers/{customer_id}/blacklisting", {"reason": "fraud"})
    await live(engine, 1, 100, 400)
    assert await lights(engine) == [("red", ["blacklisted"])]
    await erp.post(f"/v1/customers/{customer_id}/delisting", {"reason": "settled"})
    assert (await lights(engine))[1:] == [("green", [])]


async def test_an_insolvency_is_withdrawn_by_a_decision(erp: Erp, engine: AsyncEngine) -> None:
    """C6, C9: proceedings end, or were recorded in error; the others hear of it, and orders are decided as before."""
    customer_id = await erp.customer("K1", limit=LIMIT, grade="A")
    path = f"/v1/customers/{customer_id}"
    withdrawal = {"reason": "recorded_in_error", "note": "another firm of that name"}
    assert (await erp.post(f"{path}/insolvency-withdrawal", withdrawal)).status_code == 409
    await erp.post(f"{path}/insolvency", {"opened_date": str(TODAY)})
    assert (await erp.check("K1", "O-1", "10.00"))["decision"] == "refuse"

    withdrawn = await erp.post(f"{path}/insolvency-withdrawal", withdrawal)

    assert (withdrawn.status_code, withdrawn.json()["insolvency_date"]) == (200, None)
    assert await lights(engine) == [("red", ["insolvency"]), ("green", [])]
    assert (await erp.check("K1", "O-2", "10.00"))["decision"] == "approve"
    told = "SELECT CAST(body AS jsonb) ->> 'reason' FROM outbox WHERE wire = 'credit.insolvency-withdrawn.v1'"
    assert await rows(engine, told) == [("recorded_in_error",)]
    (change,) = [
        each for each in (await erp.get(f"{path}/history"))["items"] if each["reason"] == "another firm of that name"
    ]
    assert (change["field"], change["before"], change["after"]) == ("insolvency_date", str(TODAY), None)


async def test_an_explanation_names_inputs_rules_events_and_what_would_change_it(erp: Erp, engine: AsyncEngine) -> None:
    """C15: limit, light, hold and refusal in one answer; the cause leads back to what happened."""
    customer_id = await erp.customer("K1", grade="B", **MEANS)
    books = Ledger("K1")
    books.issue("R1", 50_000, due=after(-40))
    books.stop_supply()
    await hear(engine, books)
    await erp.check("K1", "O-1", "10.00")
    told = (await erp.get(f"/v1/customers/{customer_id}/explanation"))["risk"]
    limit, light = told["limit"], told["light"]
    assert (limit["source"], limit["limit"]["amount"], limit["share_pct"]) == ("computed", "21000.00", 30)
    assert (limit["computed"]["amount"], limit["rule"]["grade_factor"], limit["missing"]) == ("70000.00", "0.7", [])
    assert limit["next_quarter_date"] == str(after(92))
    assert [each["code"] for each in light["reasons"]] == ["debt_age"]
    assert (light["inputs"]["oldest_due_date"], light["next_date"]) == (str(after(-40)), str(after(21)))
    assert (light["terms_days"], light["terms_reasons"]) == (15, ["light_yellow"])
    assert light["would_change"] == ["Payment of the old debts, or a dispute that is found right."]
    assert [(each["reason"], each["lifted_date"]) for each in told["holds"]] == [("formal_demand", None)]
    assert [(each["order_number"], each["reasons"][0]["code"]) for each in told["denied"]] == [("O-1", "on_hold")]
    turned = [each for each in told["changes"] if each["field"] == "light"]
    assert [(each["after"], each["reason"]) for each in turned] == [("yellow", "debt_age")]
    assert turned[0]["correlation_id"] == books.facts[0].envelope.correlation_id
