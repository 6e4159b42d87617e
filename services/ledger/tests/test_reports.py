"""The ledger's reports say the same on the screen and as a table, under the clock that was asked for (L9, L14, L17)."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from services.ledger.tests.import_house import DAY, ImportHouse
from tests.databases import FreshDatabase

CSV = {"Accept": "text/csv"}


@pytest.fixture
async def house(fresh_database: FreshDatabase, tmp_path: Path) -> AsyncIterator[ImportHouse]:
    """Two invoices of one customer and one of another; one was paid on DAY, but that was recorded four days later."""
    house = ImportHouse.of(await fresh_database("ledger"), tmp_path)
    books = house.books
    await books.begin(DAY)
    due = DAY + timedelta(days=1)
    await books.issue("R-1", customer="C-1", issued=DAY, dues=[(due, 10000), (due + timedelta(days=30), 5000)])
    await books.issue("R-2", customer="C-1", issued=DAY, dues=[(due, 700)])
    await books.issue("R-3", customer="C-2", issued=DAY, dues=[(DAY - timedelta(days=95), 99)])
    for days in (1, 2, 3, 4):
        await books.turn(DAY + timedelta(days=days))
    await books.pay("=HYPERLINK(1)", customer="C-1", received=DAY, minor=1000, invoice="R-2")
    yield house
    await house.close()


async def get(house: ImportHouse, path: str, **query: object) -> dict[str, Any]:
    """The answer of a GET."""
    answer = await house.http.get(path, params={name: str(value) for name, value in query.items()})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def table(house: ImportHouse, path: str, **query: object) -> list[dict[str, str]]:
    """The answer of a GET as CSV."""
    answer = await house.http.get(path, params={name: str(value) for name, value in query.items()}, headers=CSV)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


async def test_aging_knows_now_what_it_did_not_know_then(house: ImportHouse) -> None:
    """L9: a payment of the 2nd that was recorded on the 6th."""
    as_of = DAY + timedelta(days=2)
    now = await get(house, "/v1/aging", as_of=as_of, basis="known_now")
    then = await get(house, "/v1/aging", as_of=as_of, basis="known_then")
    assert [now["totals"][0][name] for name in ("not_due", "d1_30", "d91_plus", "open", "unapplied", "net")] == [
        "50.00", "100.00", "0.99", "150.99", "3.00", "147.99",
    ]  # fmt: skip
    assert [then["totals"][0][name] for name in ("d1_30", "open", "unapplied", "overdue", "overdue_invoices")] == [
        "107.00", "157.99", "0.00", "107.99", 3,
    ]  # fmt: skip
    assert (now["as_of"], now["basis"], then["basis"]) == (str(as_of), "known_now", "known_then")
    assert now["buckets"][1] == {"name": "d1_30", "first_day": 1, "end_day": 31}


async def test_aging_by_customer_pages_and_filters(house: ImportHouse) -> None:
    """L9: totals over all pages; one customer by number."""
    first = await get(house, "/v1/aging", by="customer", limit=1)
    second = await get(house, "/v1/aging", by="customer", limit=1, cursor=first["next_cursor"])
    assert second["next_cursor"] is None
    assert first["totals"] == second["totals"]
    assert sum(Decimal(page["items"][0]["open"]) for page in (first, second)) == Decimal(first["totals"][0]["open"])
    one = await get(house, "/v1/aging", by="customer", customer_number="C-2")
    assert [item["open"] for item in one["items"]] == [total["open"] for total in one["totals"]] == ["0.99"]
    assert (await get(house, "/v1/aging", entity="other"))["items"] == []
    assert (await get(house, "/v1/aging", currency="USD"))["totals"] == []


async def test_aging_as_a_table_says_the_same(house: ImportHouse) -> None:
    """Faults 4.18, 6.17: export total = API total, numbers as numbers."""
    shown = (await get(house, "/v1/aging", by="customer"))["items"]
    rows = await table(house, "/v1/aging", by="customer")
    assert [{name: str(value) for name, value in item.items()} for item in shown] == rows


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"as_of": "2026-03-07"}, "/as_of"),
        ({"as_of": "86400"}, "/as_of"),
        ({"customer_number": "C-1", "customer_id": "00000000-0000-0000-0000-000000000000"}, "/customer_id"),
        ({"basis": "known_later"}, "/basis"),
        ({"currency": "XXX"}, "/currency"),
        ({"sort": "open"}, ""),
    ],
)
async def test_a_question_that_cannot_be_answered_is_refused(
    house: ImportHouse, query: dict[str, str], pointer: str
) -> None:
    """Faults 3.8, 3.11, 3.31: 422 by its parameter; a day that has not come is not known."""
    answer = await house.http.get("/v1/aging", params=query)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_a_report_has_its_formats_and_no_other(house: ImportHouse) -> None:
    """Faults 3.33: JSON or CSV."""
    assert (await house.http.get("/v1/aging", headers={"Accept": "text/html"})).status_code == 406
    assert (await house.http.get("/v1/audit", headers=CSV)).status_code == 406


async def test_the_journal_lists_balanced_entries_in_the_order_of_posting(house: ImportHouse) -> None:
    """L14: double entry, posted on the open day whatever the effective date."""
    first = await get(house, "/v1/journal", limit=3)
    rest = await get(house, "/v1/journal", limit=3, cursor=first["next_cursor"])
    entries = first["items"] + rest["items"]
    assert [entry["posting_date"] for entry in entries] == ["2026-03-02"] * 3 + ["2026-03-06"]
    assert entries[3]["effective_date"] == "2026-03-02"
    for entry in entries:
        assert sum(Decimal(each["debit"]) - Decimal(each["credit"]) for each in entry["postings"]) == 0
    later = await get(house, "/v1/journal", **{"from": "2026-03-03", "to": "2026-03-06"})
    assert later["items"] == rest["items"]


async def test_the_journal_as_a_table_cannot_be_a_formula(house: ImportHouse) -> None:
    """Faults 3.47, 4.18: a reference that a spreadsheet would run."""
    rows = await table(house, "/v1/journal")
    assert {row["document_number"] for row in rows} == {"R-1", "R-2", "R-3", "'=HYPERLINK(1)"}
    assert sum(Decimal(row["debit"]) for row in rows) == sum(Decimal(row["credit"]) for row in rows) > 0


async def test_the_trial_balance_is_zero_and_agrees_with_aging_on_each_day(house: ImportHouse) -> None:
    """L14, faults 6.2: receivables control = what is open as known then; unapplied cash on its own account."""
    accounts: list[dict[str, str]] = []
    for day in (DAY, DAY + timedelta(days=4)):
        accounts = (await get(house, "/v1/trial-balance", as_of=day))["items"]
        aging = (await get(house, "/v1/aging", as_of=day, basis="known_then"))["totals"][0]
        balances = {account["account"]: Decimal(account["balance"]) for account in accounts}
        assert sum(balances.values()) == 0
        assert balances["1122"] == Decimal(aging["open"])
        assert balances.get("2205", Decimal(0)) == -Decimal(aging["unapplied"])
    assert {account["name"] for account in accounts} >= {"应收账款", "银行存款"}
    rows = await table(house, "/v1/trial-balance")
    assert [row["balance"] for row in rows] == [account["balance"] for account in accounts]


async def test_the_history_of_an_invoice_tells_both_clocks(house: ImportHouse) -> None:
    """L9, L17: what was open on the 4th, as known now and as known then, and why."""
    invoice_id = next(item["invoice_id"] for item in (await get(house, "/v1/invoices", number="R-2"))["items"])
    as_of = DAY + timedelta(days=2)
    now = await get(house, f"/v1/invoices/{invoice_id}/history", as_of=as_of)
    then = await get(house, f"/v1/invoices/{invoice_id}/history", as_of=as_of, basis="known_then")
    assert [each["open"] for each in now["instalments"]] == ["0.00"]
    assert [(each["open"], each["days_past_due"]) for each in then["instalments"]] == [("7.00", 1)]
    assert [(each["change"], each["open_after"], each["rule"]) for each in now["changes"]][1:] == [
        ("-7.00", "0.00", "designation")
    ]
    assert [now["changes"][1][name] for name in ("effective_date", "recorded_day")] == ["2026-03-02", "2026-03-06"]
    unknown = await house.http.get("/v1/invoices/00000000-0000-0000-0000-000000000000/history")
    assert unknown.status_code == 404


async def test_the_audit_says_who_did_what_under_both_clocks(house: ImportHouse) -> None:
    """L17: by subject, by actor, by day, in pages."""
    everything = (await get(house, "/v1/audit"))["items"]
    assert [record["action"] for record in everything] == ["invoice_recorded"] * 3 + ["payment_recorded"]
    first = await get(house, "/v1/audit", limit=2)
    second = await get(house, "/v1/audit", limit=2, cursor=first["next_cursor"])
    assert first["items"] + second["items"] == everything
    assert (await get(house, "/v1/audit", subject=everything[1]["subject"]))["items"] == [everything[1]]
    assert (await get(house, "/v1/audit", **{"from": "2026-03-03"}))["items"] == [everything[3]]
    assert (await get(house, "/v1/audit", actor="nobody"))["items"] == []
    assert [everything[3][name] for name in ("effective_date", "business_date")] == ["2026-03-02", "2026-03-06"]
    assert (await get(house, "/v1/audit", customer_number="C-2"))["items"] == [everything[2]]
