"""Limits that follow from what is known, grow, and end by themselves (C4)."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.credit.tests.books import Ledger
from services.credit.tests.erp import Erp
from services.credit.tests.risk_story import LIMIT, MEANS, after, hear, live, told

pytestmark = pytest.mark.usefixtures("without_scores")


async def test_a_limit_is_computed_grows_by_quarters_and_can_be_taken_back(erp: Erp, engine: AsyncEngine) -> None:
    """C4: 5 % of the sales x 0.7 is 70,000; 30 % of it at first, 55 % after a good quarter; by hand stays by hand."""
    customer_id = await erp.customer("K1", grade="B", **MEANS)
    path, books = f"/v1/customers/{customer_id}", Ledger("K1")
    assert (await erp.get(path))["limit"] == {"amount": "21000.00", "currency": "CNY"}
    books.issue("R1", 50_000, due=after(10))
    books.pay("P1", 50_000, "R1", on=after(15))
    await hear(engine, books)
    await live(engine, 91)
    assert (await erp.get(path))["limit"]["amount"] == "21000.00"
    await live(engine, 92)
    assert (await erp.get(path))["limit"]["amount"] == "38500.00"
    await erp.put(f"{path}/limit", {"amount": "1.00", "currency": "CNY"})
    await erp.patch(path, {"industry_standing": "leader"}, version=2)
    assert (await erp.get(path))["limit"]["amount"] == "1.00"
    released = await erp.post(f"{path}/limit-release", {"reason": "enough is known"})
    assert released.json()["limit"]["amount"] == "46200.00"
    assert (await erp.post(f"{path}/limit-release", {"reason": "again"})).status_code == 409
    reasons = [each["reason"] for each in await told(engine, "credit-limit-changed")]
    assert reasons == ["computed", "progressed", "by_hand", "computed"]
    history = (await erp.get(f"{path}/history"))["items"]
    changed = [(each["source"], each["reason"]) for each in history if each["field"] == "limit"]
    assert changed == [("rest", "enough is known"), ("rest", None), ("policy", "progressed"), ("policy", "computed")]


async def test_a_delay_costs_the_quarter(erp: Erp, engine: AsyncEngine) -> None:
    """C4: six days late, and the share stays what it was."""
    customer_id = await erp.customer("K1", grade="B", **MEANS)
    books = Ledger("K1")
    books.issue("R1", 50_000, due=after(10))
    books.pay("P1", 50_000, "R1", on=after(16))
    await hear(engine, books)
    await live(engine, 92)
    assert (await erp.get(f"/v1/customers/{customer_id}"))["limit"]["amount"] == "21000.00"


async def test_without_means_no_limit_is_computed(erp: Erp) -> None:
    """C4: the refusal names what is missing, and a temporary limit needs one to return to."""
    customer_id = await erp.customer("K1", limit=LIMIT)
    path = f"/v1/customers/{customer_id}"
    refused = await erp.post(f"{path}/limit-release", {"reason": "compute it"})
    assert (refused.status_code, "registered_capital, annual_sales" in refused.json()["detail"]) == (409, True)
    other = await erp.customer("K2")
    body = {**LIMIT, "until_date": str(after(5)), "reason": "a fair"}
    assert (await erp.put(f"/v1/customers/{other}/temporary-limit", body)).status_code == 409
    late = await erp.put(f"{path}/temporary-limit", {**body, "until_date": str(after(-1))})
    assert late.status_code == 409


async def test_a_temporary_limit_ends_by_itself(erp: Erp, engine: AsyncEngine) -> None:
    """C4: it counts through its last day; the first marker after it brings back the one before."""
    customer_id = await erp.customer("K1", limit=LIMIT)
    path = f"/v1/customers/{customer_id}"
    body = {"amount": "50000.00", "currency": "CNY", "until_date": str(after(5)), "reason": "The spring fair."}
    granted = await erp.put(f"{path}/temporary-limit", body)
    assert (granted.status_code, granted.json()["limit"]["amount"]) == (200, "50000.00")
    assert (await erp.check("K1", "O-1", "40000.00"))["decision"] == "approve"
    await live(engine, 5)
    assert (await erp.get(path))["limit"]["amount"] == "50000.00"
    await live(engine, 6)
    assert (await erp.get(path))["limit"] == LIMIT
    reasons = [each["reason"] for each in await told(engine, "credit-limit-changed")]
    assert reasons == ["by_hand", "temporary", "temporary_ended"]
    again = {"customer_number": "K1", "name": "K1 Ltd", "kind": "company", "country": "CN", "limit": LIMIT}
    assert (await erp.post("/v1/customers", again)).status_code == 200
