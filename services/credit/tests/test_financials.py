"""Ratios and bank statements as inputs of a score, and what an explanation tells of them (C1, C2, C15)."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.credit.domain.financials import Financials
from services.credit.gateways.scorecard_files import house_texts
from services.credit.tests.books import TODAY, Ledger
from services.credit.tests.days import follow, open_day
from services.credit.tests.erp import Erp
from services.credit.tests.test_profiles import FACTS

STATEMENT = Financials(
    statement_date=TODAY,
    currency="CNY",
    current_assets_minor=300,
    current_liabilities_minor=200,
    total_assets_minor=1000,
    total_liabilities_minor=450,
    sales_minor=2000,
    net_profit_minor=-20,
    retained_earnings_minor=150,
    ebit_minor=80,
)
ASKED = """  - code: solvency
    input: altman_z
    missing: 0
    bins:
      - {to: "1.23", points: -10, reason: in_distress}
      - {from: "1.23", to: "2.9", points: 5, reason: grey_zone}
      - {from: "2.9", points: 12, reason: solvent}
  - code: bank
    input: monthly_inflow
    missing: 0
    bins:
      - {to: "100000", points: 0, reason: little_comes_in}
      - {from: "100000", points: 6, reason: much_comes_in}
"""


def test_altmans_z_of_a_worked_example() -> None:
    """C1: 0.717 * 0.1 + 0.847 * 0.15 + 3.107 * 0.08 + 0.420 * 550 / 450 + 0.998 * 2 = 2.95664."""
    z = STATEMENT.altman_z()
    assert z is not None
    assert round(z, 5) == Decimal("2.95664")


@pytest.mark.parametrize("unknown", ["retained_earnings_minor", "ebit_minor"])
def test_without_one_of_its_parts_there_is_no_z(unknown: str) -> None:
    """C1: a figure that nobody stated is not zero."""
    assert replace(STATEMENT, **{unknown: None}).altman_z() is None  # type: ignore[arg-type]
    assert replace(STATEMENT, total_liabilities_minor=0).altman_z() is None


async def test_a_scorecard_asks_for_them_and_the_explanation_shows_them(erp: Erp, engine: AsyncEngine) -> None:
    """C2, C15: a scorecard of one's own; what is known is told with its source and age, asked for or not."""
    tomorrow = TODAY + timedelta(days=1)
    mine = house_texts()["full.yaml"].replace("version: 1", "version: 2") + ASKED
    loaded = await erp.post("/v1/scorecards", {"file": "f.yaml", "effective_from": str(tomorrow), "document": mine})
    assert loaded.status_code == 201, loaded.text
    customer_id = await erp.customer("K1", **FACTS)
    books = Ledger("K1")
    books.issue("R1", 10_00)
    await open_day(engine, tomorrow)
    await follow(engine, [books.news()], today=tomorrow)

    told = await erp.get(f"/v1/customers/{customer_id}/explanation")

    parts: dict[str, Any] = {each["characteristic"]: each for each in told["score"]["parts"]}
    assert (parts["solvency"]["value"], parts["solvency"]["reason"]) == ("2.96", "solvent")
    assert (parts["bank"]["value"], parts["bank"]["points"]) == ("640000.00", 6)
    known = {each["input"]: (each["value"], each["source"], each["confirmed_date"]) for each in told["known"]}
    on = str(TODAY)
    assert known["average_balance"] == ("-1200.50", "rest", on)
    assert (known["altman_z"], known["years_founded"][1:]) == (("2.96", "rest", on), ("rest", on))
    assert known["overdue_days"] == ("1.00", None, None)
