"""What was out of the ordinary is counted by person and month, and each figure shows its records (L17)."""

import csv
import io
from typing import Any

import pytest

from services.ledger.tests.rest import House
from services.ledger.tests.test_consumers import apply
from services.ledger.tests.test_credit_terms import allows

CSV = {"Accept": "text/csv"}


@pytest.fixture
async def busy(house: House) -> House:
    """A ledger on 2026-02-02 with one exception of each kind in February, and ordinary days around them."""
    await house.invoice("I-1", "100.00", "2026-01-31")
    await house.invoice("I-2", "50.00", "2026-01-31")
    await house.open("2026-01-20")
    await house.pay("P-0", "1.00", "2026-01-19", remittance=[{"invoice_number": "I-9"}])
    await house.open("2026-02-02")
    await apply(house, [allows(30, 1)])
    await house.invoice("I-3", "10.00", "2026-03-04", issue_date="2026-02-02")
    await house.invoice("I-4", "10.00", "2026-03-05", issue_date="2026-02-02")
    late = await house.pay("P-1", "100.00", "2026-01-25", remittance=[{"invoice_number": "I-1"}])
    exact = await house.pay("P-2", "60.00", "2026-01-26", remittance=[{"invoice_number": "I-9"}])
    line = {"invoice_number": "I-2", "amount": "50.00"}
    await house.done(f"/payments/{exact['payment_id']}/allocations", {"allocations": [line]})
    refund = {"reference": "R-1", "amount": "10.00", "refunded_date": "2026-02-02"}
    await house.done(f"/payments/{exact['payment_id']}/refund", refund)
    back = {"reason": "bounced", "reversed_date": "2026-01-25"}
    await house.done(f"/payments/{late['payment_id']}/reversal", back)
    return house


async def test_a_months_exceptions_are_counted_by_person(busy: House) -> None:
    """L17: a document of eight days ago is back-dated and one of seven is not; no allocation is."""
    report = await busy.get("/audit/exceptions", month="2026-02", by="person")
    assert {each["exception"]: (each["actor"], each["records"]) for each in report["items"]} == {
        "allocated_by_hand": ("erp", 1),
        "back_dated": ("erp", 2),
        "refunded": ("erp", 1),
        "reversed": ("erp", 1),
        "terms_beyond_credit": ("erp", 1),
    }
    in_all = (await busy.get("/audit/exceptions", month="2026-02", by="kind"))["items"]
    assert in_all == [{**each, "actor": None} for each in report["items"]]
    assert (report["month"], report["back_dated_days"]) == ("2026-02", 7)
    assert (await busy.get("/audit/exceptions", month="2026-01"))["items"] == []
    assert (await busy.get("/audit/exceptions", month="2026-12"))["items"] == []
    assert (await busy.get("/audit/exceptions", month="2026-02", actor="nobody"))["items"] == []
    as_table = await busy.client.get("/v1/audit/exceptions", params={"month": "2026-02"}, headers=CSV)
    rows = list(csv.DictReader(io.StringIO(as_table.text, newline="")))
    assert rows == [{name: str(value) for name, value in each.items()} for each in report["items"]]


async def test_each_figure_shows_its_records(busy: House) -> None:
    """L17: in the order of recording, page by page and as a table; what is an exception twice comes twice."""
    kinds = ["terms_beyond_credit", "back_dated", "allocated_by_hand", "refunded", "back_dated", "reversed"]
    pages: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while not pages or pages[-1]["next_cursor"]:
        pages.append(await busy.get("/audit/exceptions/records", month="2026-02", limit="2", **cursor))
        cursor = {"cursor": pages[-1]["next_cursor"]}
    records = [each for page in pages for each in page["items"]]
    assert [each["exception"] for each in records] == kinds
    [terms] = (await busy.get("/audit/exceptions/records", month="2026-02", exception="terms_beyond_credit"))["items"]
    assert (terms["details"]["number"], terms["details"]["terms_days"]) == ("I-4", 31)
    assert (terms["details"]["credit_terms_days"], terms["details"]["terms_source"]) == (30, "invoice")
    as_table = await busy.client.get("/v1/audit/exceptions/records", params={"month": "2026-02"}, headers=CSV)
    rows = list(csv.DictReader(io.StringIO(as_table.text, newline="")))
    assert [(row["exception"], row["subject"]) for row in rows] == [
        (each["exception"], each["subject"]) for each in records
    ]


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "26-01", "2026-01-01", ""])
async def test_what_is_no_month_is_refused(house: House, month: str) -> None:
    """Faults 3: with the rule it breaks."""
    assert (await house.client.get("/v1/audit/exceptions", params={"month": month})).status_code == 422
