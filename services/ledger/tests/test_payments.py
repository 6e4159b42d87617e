"""Payments over REST: what they settle and why, what stays unapplied, and what comes back (L4, L5, L7)."""

from typing import Any

from services.ledger.tests.rest import House, payment_body


def changes(event: dict[str, Any]) -> list[tuple[str, int, int, str]]:
    """Return which invoice moved from what to what by which rule."""
    return [
        (each["invoice_number"], each["open_before_minor"], each["open_after_minor"], each["rule"])
        for each in event["changes"]
    ]


async def test_a_payment_is_announced_then_its_allocation_then_what_it_settled(house: House) -> None:
    """L4, L5: balances before and after; the rest stays unapplied on a liability account (L14)."""
    await house.invoice("I-1", "100.00", "2026-02-01")
    await house.published()
    answer = await house.pay("P-1", "150.00", "2026-01-01")
    assert (answer["settled"], answer["unapplied"]) == ("100.00", "50.00")
    assert [(each["amount"], each["rule"]) for each in answer["allocations"]] == [("100.00", "statute_only_debt")]
    names, events = zip(*await house.published(), strict=True)
    assert names == ("payment-received", "payment-allocated", "invoice-settled")
    assert changes(events[1]) == [("I-1", 10000, 0, "statute_only_debt")]
    assert (events[1]["unapplied_before_minor"], events[1]["unapplied_after_minor"]) == (15000, 5000)
    postings = await house.rows(
        "SELECT account, amount_minor FROM posting JOIN journal_entry USING (entry_id) WHERE document_kind = 'payment'"
    )
    assert {each["account"]: each["amount_minor"] for each in postings} == {
        "1002": 15000,
        "1122": -10000,
        "2205": -5000,
    }


async def test_the_same_payment_again_is_answered_and_changes_nothing(house: House) -> None:
    """L4: unique by entity, source and reference; other content is refused (faults 3.42)."""
    await house.invoice("I-1", "100.00", "2026-02-01")
    first = await house.pay("P-1", "40.00", "2026-01-01")
    await house.published()
    again = await house.pay("P-1", "40.00", "2026-01-01")
    assert (again["payment_id"], again["allocations"]) == (first["payment_id"], first["allocations"])
    assert await house.published() == []
    assert (await house.post("/payments", payment_body("P-1", "41.00", "2026-01-01"))).status_code == 409


async def test_a_designation_binds_its_money_and_the_rest_follows_the_statute(house: House) -> None:
    """L5: an over-payment of what was designated stays unapplied, whatever else is open."""
    await house.invoice("I-1", "30.00", "2026-01-01")
    await house.invoice("I-2", "50.00", "2026-02-01")
    lines = [{"invoice_number": "I-2", "amount": "20.00"}, {"invoice_number": "I-9", "amount": "5.00"}]
    answer = await house.pay("P-1", "60.00", "2026-01-01", remittance=lines)
    shown = [(each["invoice_number"], each["amount"], each["rule"]) for each in answer["allocations"]]
    assert shown == [
        ("I-2", "20.00", "designation"),
        ("I-1", "30.00", "statute_due_first"),
        ("I-2", "5.00", "statute_due_first"),
    ]
    assert answer["unapplied"] == "5.00"


async def test_a_payment_after_the_open_day_is_refused(house: House) -> None:
    """L7: facts bear a date up to the open day."""
    answer = await house.post("/payments", payment_body("P-1", "1.00", "2026-01-02"))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/received_date"


async def test_a_payment_recorded_late_but_effective_in_time_undoes_the_overdue(house: House) -> None:
    """L7: the overdue already published did not happen; one effective after the due date undoes nothing."""
    await house.invoice("I-1", "100.00", "2026-01-01")
    await house.invoice("I-2", "100.00", "2026-01-01")
    await house.open("2026-01-03")
    assert [name for name, _ in await house.published()].count("invoice-overdue") == 2
    await house.pay("P-1", "100.00", "2026-01-01", remittance=[{"invoice_number": "I-1"}])
    await house.pay("P-2", "100.00", "2026-01-02", remittance=[{"invoice_number": "I-2"}])
    events = [event for name, event in await house.published() if name == "payment-allocated"]
    assert [event["changes"][0]["undoes_overdue"] for event in events] == [True, False]


async def test_a_reversal_reopens_the_debt_with_its_age_and_says_at_once_that_it_is_overdue(house: House) -> None:
    """L4, L7: a new episode of the same debt; nothing is deleted; balances as before the payment."""
    await house.invoice("I-1", "100.00", "2026-01-05")
    paid = await house.pay("P-1", "120.00", "2026-01-01")
    await house.open("2026-01-10")
    assert "invoice-overdue" not in [name for name, _ in await house.published()]
    answer = await house.done(
        f"/payments/{paid['payment_id']}/reversal", {"reason": "bounced", "reversed_date": "2026-01-09"}
    )
    assert (answer["settled"], answer["unapplied"], answer["reversed"]) == ("0.00", "0.00", "120.00")
    names, events = zip(*await house.published(), strict=True)
    assert names == ("payment-reversed", "invoice-reopened", "invoice-overdue")
    assert changes(events[0]) == [("I-1", 0, 10000, "reversal")]
    assert (events[2]["due_date"], events[2]["episode"], events[2]["open_minor"]) == ("2026-01-05", 2, 10000)
    sums = await house.rows("SELECT sum(amount_minor) AS s FROM posting GROUP BY account ORDER BY account")
    assert [each["s"] for each in sums] == [0, 10000, 0, -10000]
    again = await house.post(
        f"/payments/{paid['payment_id']}/reversal", {"reason": "bounced", "reversed_date": "2026-01-09"}
    )
    assert again.status_code == 409


async def test_unapplied_money_is_refunded_and_no_more_than_that(house: House) -> None:
    """L4, faults 3.9: 409 with the current balance."""
    paid = await house.pay("P-1", "120.00", "2026-01-01")
    path = f"/payments/{paid['payment_id']}/refund"
    body = {"reference": "R-1", "amount": "20.00", "refunded_date": "2026-01-01"}
    assert (await house.done(path, body))["unapplied"] == "100.00"
    too_much = await house.post(path, {**body, "reference": "R-2", "amount": "100.01"})
    assert (too_much.status_code, too_much.json()["balances"]["unapplied"]) == (409, "100.00")
    assert (await house.post(path, body)).status_code == 409
    reversal = {"reason": "bounced", "reversed_date": "2026-01-01"}
    assert (await house.post(f"/payments/{paid['payment_id']}/reversal", reversal)).status_code == 409


async def test_people_move_a_payment_to_another_invoice_and_its_history_stays(house: House) -> None:
    """L5: manual re-allocation; what was settled by mistake is open again as if it had never been settled."""
    await house.invoice("I-1", "100.00", "2026-01-01")
    await house.invoice("I-2", "70.00", "2026-02-01")
    paid = await house.pay("P-1", "100.00", "2026-01-01")
    await house.open("2026-01-03")
    await house.published()
    path = f"/payments/{paid['payment_id']}/allocations"
    lines = [{"invoice_number": "I-2", "amount": "70.00"}, {"invoice_number": "I-1", "amount": "10.00"}]
    answer = await house.done(path, {"allocations": lines, "replace": True})
    assert (answer["settled"], answer["unapplied"]) == ("80.00", "20.00")
    names, events = zip(*await house.published(), strict=True)
    assert names == ("payment-allocated", "invoice-settled", "invoice-reopened", "invoice-overdue")
    assert changes(events[0]) == [("I-1", 0, 9000, "agreement"), ("I-2", 7000, 0, "agreement")]
    shown = await house.get(f"/payments/{paid['payment_id']}")
    assert [each["amount"] for each in shown["allocations"]] == ["100.00", "-90.00", "70.00"]


async def test_an_agreement_beyond_what_is_there_is_refused_with_the_balance(house: House) -> None:
    """Faults 3.9: more than the invoice or more than the payment; nothing has moved."""
    await house.invoice("I-1", "50.00", "2026-02-01")
    paid = await house.pay("P-1", "60.00", "2026-01-01", remittance=[{"invoice_number": "none-yet"}])
    path = f"/payments/{paid['payment_id']}/allocations"

    async def refused(amount: str, number: str = "I-1") -> tuple[int, Any]:
        answer = await house.post(path, {"allocations": [{"invoice_number": number, "amount": amount}]})
        return answer.status_code, answer.json().get("balances")

    assert await refused("50.01") == (409, {"currency": "CNY", "open": "50.00"})
    assert await refused("1.00", "I-9") == (422, None)
    await house.invoice("I-2", "50.00", "2026-02-01")
    both = [{"invoice_number": number, "amount": "50.00"} for number in ("I-1", "I-2")]
    answer = await house.post(path, {"allocations": both})
    assert (answer.status_code, answer.json()["balances"]["available"]) == (409, "60.00")
    assert (await house.get(f"/payments/{paid['payment_id']}"))["unapplied"] == "60.00"


async def test_a_linked_credit_note_lowers_its_invoice_and_the_excess_stays_unapplied(house: House) -> None:
    """Facts 3.7, L14: revenue and tax are taken back; the excess is a liability."""
    await house.invoice("I-1", "100.00", "2026-02-01")
    await house.pay("P-1", "60.00", "2026-01-01")
    await house.published()
    body = {
        "entity": "acme",
        "number": "CN-1",
        "customer_number": "C-1",
        "invoice_number": "I-1",
        "issue_date": "2026-01-01",
        "currency": "CNY",
        "total": "50.00",
        "tax": "5.00",
        "reason": "goods_returned",
    }
    note = await house.done("/credit-notes", body)
    assert (note["settled"], note["unapplied"]) == ("40.00", "10.00")
    assert (await house.done("/credit-notes", body))["credit_note_id"] == note["credit_note_id"]
    names, events = zip(*await house.published(), strict=True)
    assert names == ("credit-note-issued", "invoice-settled")
    assert (events[0]["unapplied_after_minor"], changes(events[0])) == (1000, [("I-1", 4000, 0, "credit_note")])


async def test_an_unlinked_credit_note_waits_until_people_allocate_it(house: House) -> None:
    """Facts 3.7: it lowers no invoice's age before that."""
    await house.invoice("I-1", "100.00", "2026-02-01")
    note = await house.done(
        "/credit-notes",
        {
            "entity": "acme",
            "number": "CN-1",
            "customer_number": "C-1",
            "issue_date": "2026-01-01",
            "currency": "CNY",
            "total": "30.00",
            "tax": "0",
            "reason": "bonus",
        },
    )
    assert note["unapplied"] == "30.00"
    path = f"/credit-notes/{note['credit_note_id']}"
    await house.done(f"{path}/allocations", {"allocations": [{"invoice_number": "I-1", "amount": "30.00"}]})
    assert (await house.get(path))["settled"] == "30.00"
    [listed] = (await house.get("/credit-notes", customer_number="C-1"))["items"]
    assert listed["unapplied"] == "0.00"
    assert (await house.get("/payments", reference="none"))["items"] == []


async def test_one_bad_payment_of_many_fails_alone(house: House) -> None:
    """Faults 3.50: a batch of payments of one customer is settled in its order."""
    await house.invoice("I-1", "100.00", "2026-02-01")
    items = [
        payment_body("P-1", "60.00", "2026-01-01"),
        payment_body("P-2", "1.001", "2026-01-01"),
        payment_body("P-3", "60.00", "2026-01-01"),
    ]
    results = (await house.done("/payments/batch", {"items": items}))["results"]
    assert [each["status"] for each in results] == [201, 422, 201]
    assert results[2]["payment"]["unapplied"] == "20.00"
