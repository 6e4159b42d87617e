"""Invoices over REST: recorded once, owed from their issue date, never edited."""

import asyncio
from typing import Any

from services.ledger.tests.rest import House, invoice_body

NET_30 = {"kind": "net", "days": 30}


async def test_an_invoice_is_recorded_posted_audited_and_announced_at_once(house: House) -> None:
    """L2, L14, L17: everything that an invoice means is in one transaction."""
    body = invoice_body("I-1", "100.00", "", tax="13.00", terms=NET_30, order_number="O-7", instalments=None)
    issued = await house.done("/invoices", {**body, "total": "113.00"})
    assert (issued["status"], issued["instalments"][0]["due_date"]) == ("issued", "2026-01-31")
    [(name, event)] = await house.published()
    assert name == "invoice-issued"
    assert (event["total_minor"], event["order_number"]) == (11300, "O-7")
    postings = await house.rows("SELECT account, amount_minor FROM posting ORDER BY ordinal")
    assert [tuple(each.values()) for each in postings] == [("1122", 11300), ("6001", -10000), ("2221", -1300)]
    [audit] = await house.rows(
        "SELECT actor, action, business_date FROM audit_record WHERE subject = :s", s=event["invoice_id"]
    )
    assert (audit["actor"], audit["action"], str(audit["business_date"])) == ("erp", "invoice_recorded", "2026-01-01")


async def test_the_same_invoice_a_hundred_times_at_once_is_one_invoice(house: House) -> None:
    """L2: an ERP that repeats a call gets the first answer, under whatever key."""
    body = invoice_body("I-1", "100.00", "2026-02-01")
    answers = await asyncio.gather(*(house.post("/invoices", body) for _ in range(100)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["invoice_id"] for answer in answers}) == 1
    assert len(await house.published()) == 1
    assert await house.rows("SELECT count(*) FROM movement") == [{"count": 1}]


async def test_the_same_key_gets_the_same_bytes_and_never_another_body(house: House) -> None:
    """P8, faults 3.38: a repeat is the first answer, even after the invoice was settled."""
    body = invoice_body("I-1", "100.00", "2026-02-01")
    first = await house.post("/invoices", body, key="a-key-of-ours")
    await house.pay("P-1", "100.00", "2026-01-01")
    again = await house.post("/invoices", body, key="a-key-of-ours")
    assert (again.status_code, again.content) == (201, first.content)
    other = await house.post("/invoices", invoice_body("I-2", "1.00", "2026-02-01"), key="a-key-of-ours")
    assert other.status_code == 422


async def test_the_same_number_with_other_content_is_refused(house: House) -> None:
    """Faults 3.42: a correction needs a document of its own."""
    await house.invoice("I-1", "100.00", "2026-02-01")
    answer = await house.post("/invoices", invoice_body("I-1", "90.00", "2026-02-01"))
    assert answer.status_code == 409
    assert "own" in answer.json()["detail"]


async def test_an_invoice_that_contradicts_itself_is_refused_with_the_place(house: House) -> None:
    """Faults 3.4, 3.6, 3.10, 3.13: nothing is written on a 422."""
    good = invoice_body("I-1", "100.00", "2026-02-01")
    bad: dict[str, dict[str, Any]] = {
        "/total": {"total": "100.01"},
        "/lines/0/amount": {"lines": [{"description": "x", "amount": "100.001"}]},
        "/instalments": {"instalments": [{"due_date": "2026-02-01", "amount": "99.00"}]},
        "/instalments/0/due_date": {"instalments": [{"due_date": "2036-02-01", "amount": "100.00"}]},
        "/issue_date": {"issue_date": "2026-02-02"},
        "/entity": {"entity": "nobody"},
        "/contract_reference": {"contract_reference": "K-9"},
        "/terms": {"instalments": None},
        "/tax": {"tax": "-1.00"},
    }
    for pointer, change in bad.items():
        answer = await house.post("/invoices", {**good, **change})
        assert answer.status_code == 422, pointer
        assert pointer in [error["pointer"] for error in answer.json()["errors"]], answer.text
    assert await house.rows("SELECT count(*) FROM invoice") == [{"count": 0}]


async def test_a_due_date_before_the_issue_date_is_accepted_with_a_warning_and_overdue_at_once(house: House) -> None:
    """L2, L7: what is recorded with a due date of the past publishes its InvoiceOverdue itself."""
    issued = await house.invoice("I-1", "100.00", "2025-12-31")
    assert issued["warnings"] == ["due_before_issue"]
    assert [name for name, _ in await house.published()] == ["invoice-issued", "invoice-overdue"]


async def test_an_invoice_dated_ahead_counts_from_its_day(house: House) -> None:
    """L7, L14: pending means not owed, not posted, not announced, and not payable."""
    issued = await house.invoice("I-1", "100.00", "2026-02-01", issue_date="2026-01-03")
    assert issued["status"] == "pending"
    await house.open("2026-01-02")
    await house.pay("P-1", "10.00", "2026-01-02", remittance=[{"invoice_number": "I-1"}])
    assert [name for name, _ in await house.published()] == ["payment-received"]
    assert await house.rows("SELECT count(*) FROM journal_entry WHERE document_kind = 'invoice'") == [{"count": 0}]
    await house.open("2026-01-03")
    assert [name for name, _ in await house.published()] == ["invoice-issued"]
    assert (await house.get(f"/invoices/{issued['invoice_id']}"))["open"] == "100.00"


async def test_one_bad_invoice_of_many_fails_alone(house: House) -> None:
    """Faults 3.50: each item of a batch has an answer of its own, and is idempotent by itself."""
    bad = {**invoice_body("I-2", "1.00", "2026-02-01"), "total": 1.0}
    items = [invoice_body("I-1", "1.00", "2026-02-01"), bad, invoice_body("I-3", "3.00", "2026-02-01", tax="1.00")]
    for _ in range(2):
        results = (await house.done("/invoices/batch", {"items": items}))["results"]
        assert [each["status"] for each in results] == [201, 422, 422]
        assert results[1]["problem"]["errors"][0]["pointer"] == "/total"
    assert await house.rows("SELECT number FROM invoice") == [{"number": "I-1"}]


async def test_a_contract_gives_an_invoice_what_it_does_not_state(house: House) -> None:
    """L1: terms, penalty and security rank are the contract's unless the invoice carries its own."""
    contract = {
        "entity": "acme",
        "reference": "K-1",
        "customer_number": "C-1",
        "currency": "CNY",
        "terms": {"kind": "fixed_day", "day": 10, "months": 1},
        "penalty_pct_per_day": "0.03",
        "security_rank": 2,
    }
    recorded = await house.done("/contracts", contract)
    assert (await house.done("/contracts", contract))["contract_id"] == recorded["contract_id"]
    body = {**invoice_body("I-1", "1.00", ""), "instalments": None, "contract_reference": "K-1"}
    issued = await house.done("/invoices", body)
    assert issued["instalments"][0]["due_date"] == "2026-02-10"
    events = dict(await house.published())
    assert events["invoice-issued"]["contract_id"] == recorded["contract_id"]
    assert (events["invoice-issued"]["penalty_pct_per_day"], events["invoice-issued"]["security_rank"]) == ("0.03", 2)
    other = await house.post("/invoices", {**body, "number": "I-2", "customer_number": "C-2"})
    assert other.status_code == 422


async def test_an_untouched_invoice_is_cancelled_by_a_document_of_its_own(house: House) -> None:
    """L2: cancellation takes back debt and revenue; the same document again changes nothing."""
    issued = await house.invoice("I-1", "100.00", "2026-02-01")
    path = f"/invoices/{issued['invoice_id']}/cancellation"
    await house.published()
    for _ in range(2):
        answer = await house.done(path, {"number": "X-1", "reason": "wrong_customer"})
        assert (answer["status"], answer["open"]) == ("cancelled", "0.00")
    [(name, event)] = await house.published()
    assert (name, event["changes"][0]["open_after_minor"]) == ("invoice-cancelled", 0)
    assert await house.rows("SELECT sum(amount_minor) AS s FROM posting GROUP BY account") == [{"s": 0}, {"s": 0}]
    assert (await house.post(path, {"number": "X-2", "reason": "other"})).status_code == 409


async def test_an_invoice_paid_in_part_is_not_cancelled(house: House) -> None:
    """L2: what was paid would have nowhere to go; a credit note is the way."""
    issued = await house.invoice("I-1", "100.00", "2026-02-01")
    await house.pay("P-1", "1.00", "2026-01-01")
    answer = await house.post(f"/invoices/{issued['invoice_id']}/cancellation", {"number": "X-1", "reason": "error"})
    assert answer.status_code == 409
    assert answer.json()["balances"] == {"currency": "CNY", "open": "99.00", "total": "100.00"}


async def test_listing_finds_invoices_by_customer_status_and_overdue(house: House) -> None:
    """L3, P8: pages by cursor."""
    await house.invoice("I-1", "1.00", "2026-01-01")
    await house.invoice("I-2", "2.00", "2026-02-01")
    await house.invoice("I-3", "3.00", "2026-02-01", customer_number="C-2")
    await house.open("2026-01-02")

    async def numbers(**query: str) -> list[str]:
        return [each["number"] for each in (await house.get("/invoices", **query))["items"]]

    assert await numbers(customer_number="C-1") == ["I-1", "I-2"]
    assert await numbers(overdue="true") == ["I-1"]
    assert await numbers(status="open", number="I-3") == ["I-3"]
    assert await numbers(status="settled") == []
    first = await house.get("/invoices", limit="2")
    rest = await house.get("/invoices", limit="2", cursor=first["next_cursor"])
    assert [each["number"] for each in first["items"] + rest["items"]] == ["I-1", "I-2", "I-3"]
