"""What is known of customers: facts by REST and by file, their history, what is stale, and outside sources (C1)."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.credit.tests.books import TODAY
from services.credit.tests.days import open_day, rows
from services.credit.tests.erp import Erp, replicas
from services.credit.tests.test_imports import send

FACTS: dict[str, Any] = {
    "tax_number": "91310000MA1FL0000X",
    "registration_number": "310000400000001",
    "registration_state": "active",
    "registered_capital": {"amount": "5000000.00", "currency": "CNY"},
    "founding_date": "1956-05-01",
    "annual_sales": {"amount": "80000000.00", "currency": "CNY"},
    "industry_standing": "strong",
    "financials": {
        "statement_date": "2025-12-31",
        "currency": "CNY",
        "current_assets": "300.00",
        "current_liabilities": "200.00",
        "total_assets": "1000.00",
        "total_liabilities": "450.00",
        "sales": "2000.00",
        "net_profit": "-20.00",
        "retained_earnings": "150.00",
        "ebit": "80.00",
    },
    "bank_summary": {
        "start_date": "2025-09-01",
        "end_date": "2026-02-28",
        "currency": "CNY",
        "average_balance": "-1200.50",
        "monthly_inflow": "640000.00",
    },
    "judgments_count": 1,
    "enforcements_count": 0,
    "insured_amount": {"amount": "900000.00", "currency": "CNY"},
    "size_class": "medium",
}


async def test_every_fact_is_kept_with_its_history(erp: Erp) -> None:
    """C1: what was sent comes back; each change has its source, and says from what to what."""
    customer_id = await erp.customer("K1", **FACTS)
    shown = await erp.get(f"/v1/customers/{customer_id}")
    assert {name: shown[name] for name in FACTS} == FACTS
    changed = {"judgments_count": 2, "annual_sales": None, "financials": FACTS["financials"] | {"sales": "1.00"}}
    answer = await erp.patch(f"/v1/customers/{customer_id}", changed, version=1)
    assert (answer.status_code, answer.json()["annual_sales"]) == (200, None)
    history = (await erp.get(f"/v1/customers/{customer_id}/history"))["items"][:3]
    assert {each["field"]: (each["before"], each["after"], each["source"]) for each in history} == {
        name: (FACTS[name], value, "rest") for name, value in changed.items()
    }


@pytest.mark.parametrize(
    ("facts", "pointer"),
    [
        ({"founding_date": "1956-13-01"}, "/founding_date"),
        ({"registered_capital": {"amount": "-1.00", "currency": "CNY"}}, "/registered_capital/amount"),
        ({"financials": FACTS["financials"] | {"sales": "1.001"}}, "/financials"),
        ({"bank_summary": FACTS["bank_summary"] | {"end_date": "2025-08-31"}}, "/bank_summary"),
        ({"judgments_count": "2"}, "/judgments_count"),
        ({"size_class": "huge"}, "/size_class"),
    ],
)
async def test_a_fact_that_is_none_is_refused_by_name(erp: Erp, facts: dict[str, Any], pointer: str) -> None:
    """C1: one spelling of each fact, and the refusal points at it."""
    body = {"customer_number": "K1", "name": "K1", "kind": "company", "country": "CN", **facts}
    answer = await erp.post("/v1/customers", body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


async def test_a_file_states_the_same_facts(erp: Erp) -> None:
    """C1: every fact has its columns; of a broken one the column is named."""
    header = "customer_number,name,kind,country,judgments_count,registered_capital_amount,registered_capital_currency"
    parts = [(name, part) for name in ("financials", "bank_summary") for part in FACTS[name]]
    figures = ",".join("_".join(each) for each in parts)
    good = "K1,K1,company,CN,1,5000000.00,CNY," + ",".join(FACTS[name][part] for name, part in parts)
    bad = "K2,K2,company,CN,many,5000000.00,," + "," * (len(parts) - 1)
    report = (await send(erp, f"{header},{figures}\n{good}\n{bad}\n")).json()
    assert (report["rows_imported"], [(each["line"], each["column"]) for each in report["errors"]]) == (
        1,
        [(3, "registered_capital_currency")],
    )
    shown = (await erp.get("/v1/customers", customer_number="K1"))["items"][0]
    for name in ("judgments_count", "registered_capital", "financials", "bank_summary"):
        assert shown[name] == FACTS[name]


async def test_what_is_known_too_long_is_listed_until_it_is_confirmed(erp: Erp, engine: AsyncEngine) -> None:
    """C1: by the policy's age of each field; the same value again confirms it; what was never known is listed too."""
    customer_id = await erp.customer("K1", **(FACTS | {"insured_amount": None}))
    stale = (await erp.get("/v1/stale-items", customer_number="K1"))["items"]
    assert [(each["field"], each["confirmed_date"], each["source"]) for each in stale] == [
        ("insured_amount", None, None)
    ]
    await open_day(engine, TODAY + timedelta(days=90))
    assert len((await erp.get("/v1/stale-items"))["items"]) == 1
    await open_day(engine, TODAY + timedelta(days=91))
    assert [each["field"] for each in (await erp.get("/v1/stale-items"))["items"]] == [
        "enforcements_count",
        "insured_amount",
        "judgments_count",
    ]
    await erp.patch(f"/v1/customers/{customer_id}", {"judgments_count": 1}, version=1)
    page = await erp.get("/v1/stale-items", limit=1)
    rest = await erp.get("/v1/stale-items", cursor=page["next_cursor"])
    assert [each["field"] for each in page["items"] + rest["items"]] == ["enforcements_count", "insured_amount"]
    assert (await erp.get(f"/v1/customers/{customer_id}"))["version"] == 1


async def test_outside_sources_bring_news_with_their_name_and_date(
    database: str, engine: AsyncEngine, tmp_path: Path
) -> None:
    """C1: CSV and YAML, news, confirmations, what is older than what is known, strangers and broken entries."""
    sources = tmp_path / "sources"
    sources.mkdir()
    (sources / "court.csv").write_text(
        "customer_number,observed_date,judgments_count,enforcements_count\n"
        "K1,2026-02-20,3,1\nK1,2026-02-10,9,\nK9,2026-02-20,1,1\nK1,2026-02-20,minus,\n"
    )
    (sources / "register.yaml").write_text(
        '- {customer_number: K2, observed_date: "2026-03-01", registration_state: revoked}\n'
        '- {customer_number: K2, observed_date: "2026-03-01", registration_state: gone}\n'
    )
    async with replicas(database, tmp_path, credit_sources_folder=sources) as erp:
        first, _ = await erp.customer("K1"), await erp.customer("K2")
        report = (await erp.post("/v1/source-refreshes")).json()
        counts = {name: report[name] for name in ("changed", "confirmed", "outdated", "unknown", "refused")}
        assert counts == {"changed": 2, "confirmed": 0, "outdated": 1, "unknown": 1, "refused": 2}
        assert [(each["source"], each["place"], each["field"]) for each in report["errors"]] == [
            ("court", "line 5", "judgments_count"),
            ("register", "entry 2", "registration_state"),
        ]
        again = (await erp.post("/v1/source-refreshes")).json()
        assert (again["changed"], again["confirmed"]) == (0, 2)
        shown = await erp.get(f"/v1/customers/{first}")
        assert (shown["judgments_count"], shown["enforcements_count"], shown["version"]) == (3, 1, 2)
    assert await rows(
        engine,
        "SELECT field, source, CAST(confirmed_date AS text) FROM profile_item WHERE source LIKE 'source/%' ORDER BY 1",
    ) == [
        ("enforcements_count", "source/court", "2026-02-20"),
        ("judgments_count", "source/court", "2026-02-20"),
        ("registration_state", "source/register", "2026-03-01"),
    ]


async def test_without_sources_a_refresh_says_so(erp: Erp) -> None:
    """C1: nothing is set up by default."""
    assert (await erp.post("/v1/source-refreshes")).status_code == 409
