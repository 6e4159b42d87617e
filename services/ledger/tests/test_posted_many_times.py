"""An ERP that posts the same invoice a hundred times at once: one row and one answer, or a refusal that says why."""

import asyncio
from collections import Counter

from services.ledger.tests.rest import House, invoice_body


async def test_row_46_one_invoice_posted_a_hundred_times_at_once_under_one_key_is_one(house: House) -> None:
    """Faults 2.46: byte for byte the same answer, while the first is under way and afterwards."""
    body = invoice_body("I-1", "100.00", "2026-01-31")
    answers = await asyncio.gather(*(house.post("/invoices", body, key="one-intent") for _ in range(100)))
    answers.append(await house.post("/invoices", body, key="one-intent"))
    assert len({(each.status_code, each.content) for each in answers}) == 1
    assert answers[0].status_code == 201
    await _is_issued_once(house)


async def test_row_46_one_number_under_a_hundred_keys_is_issued_once(house: House) -> None:
    """Faults 2.46: entity and number are one invoice; whoever posts the same is shown it as it stands."""
    body = invoice_body("I-1", "100.00", "2026-01-31")
    answers = await asyncio.gather(*(house.post("/invoices", body, key=f"intent-{n}") for n in range(100)))
    assert {each.status_code for each in answers} == {201}
    assert len({each.json()["invoice_id"] for each in answers}) == 1
    await _is_issued_once(house)


async def test_row_46_a_hundred_invoices_of_one_number_are_one_and_the_rest_is_refused(house: House) -> None:
    """Faults 2.46: each of another amount: the first is issued, and 409 tells the other ninety-nine."""
    bodies = [invoice_body("I-1", f"{100 + n}.00", "2026-01-31") for n in range(100)]
    answers = await asyncio.gather(*(house.post("/invoices", body) for body in bodies))
    assert Counter(each.status_code for each in answers) == {201: 1, 409: 99}
    await _is_issued_once(house)


async def _is_issued_once(house: House) -> None:
    assert await house.rows("SELECT count(*) AS rows FROM invoice") == [{"rows": 1}]
    assert [name for name, _ in await house.published()].count("invoice-issued") == 1
