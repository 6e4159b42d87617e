"""The report of the last closed day is held to the movements, bucket by bucket (17)."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

from sqlalchemy import text

from checker.aging import check_aging
from checker.snapshot import Snapshot
from checker.tests.conftest import OpenDatabase
from checker.tests.healthy import CUSTOMER, LEDGER
from checker.tests.seeding import drop_guards, seed


class Report:
    """What the ledger's API says of one customer."""

    def __init__(self) -> None:
        self.line = {"entity": "qinghe", "currency": "CNY", "customer_id": str(CUSTOMER), "d31_60": "0.00"}
        self.line |= {"not_due": "0.60", "d1_30": "0.00", "d61_90": "0.00", "d91_plus": "0.00"}
        self.line |= {"open": "0.60", "unapplied": "0.10"}

    async def aging_by_customer(self, *, as_of: date, basis: str) -> AsyncIterator[Any]:
        """Yield the line."""
        assert (as_of, basis) == (date(2025, 1, 1), "known_then")
        yield self.line


async def test_invariant_17_the_report_is_what_the_movements_give(open_database: OpenDatabase) -> None:
    """17: another bucket is another report, and so is a movement that nobody reported."""
    report: Any = Report()
    async with open_database("ledger") as connection:
        await drop_guards(connection)
        await seed(connection, LEDGER)
        ledger = Snapshot("ledger", connection)
        healthy = await check_aging(ledger, report)
        assert (healthy.compared, healthy.differences) == (1, ())
        report.line |= {"not_due": "0.00", "d1_30": "0.60"}
        [difference] = (await check_aging(ledger, report)).differences
        assert difference.startswith(f"qinghe CNY {CUSTOMER} on 2025-01-01: report (0, 60, 0, 0, 0, 60, 10)")
        report.line |= {"not_due": "0.60", "d1_30": "0.00"}
        assert (await check_aging(ledger, report)).holds
        await connection.execute(text("UPDATE movement SET delta_minor = 99 WHERE delta_minor = 100"))
        assert not (await check_aging(ledger, report)).holds
