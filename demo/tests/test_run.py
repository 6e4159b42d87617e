"""The demo runs from nothing to its report: a year's first days by the seed alone, and a user's file to the cent."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from rich.console import Console
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from demo.report_page import SCHEMA
from demo.rows import read_file
from demo.run import UserFile, Year, run_demo
from deploy.local.databases import SERVICES, for_sqlalchemy
from deploy.local.postgres import EmbeddedPostgres
from deploy.local.servers import KAFKA_VARIABLE, POSTGRES_VARIABLE
from tests.proofs.alike import unlike
from tests.proofs.canonical import Dump, dump

HEADER = "customerID,invoiceNumber,InvoiceDate,DueDate,InvoiceAmount,SettledDate"
ROWS = (
    "A-1,1,1/3/2012,1/6/2012,50.39,1/6/2012",
    "A-1,2,1/3/2012,1/6/2012,55.37,1/9/2012",
    "B-2,3,1/4/2012,1/3/2012,0.01,1/12/2012",
    "B-2,4,1/4/2012,1/3/2012,oops,1/12/2012",
    "C-3,5,1/5/2012,1/7/2012,1200.00,",
    "C-3,6,1/5/2012,2/7/2012,99.99,",
)

LATER = {
    "payment-conserved",
    "unapplied-account",
    "overdue-once",
    "overrides-end",
    "holds-in-force",
    "disputes-known",
    "credit-disputes",
    "dispute-flags",
    "unknown-decided",
    "looked-at",
    "rates-known",
}
"""What has nothing to compare in the first month: no money, no old debt, no decision of people yet."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(autouse=True)
def _own_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A demo starts servers of its own."""
    monkeypatch.delenv(POSTGRES_VARIABLE, raising=False)
    monkeypatch.delenv(KAFKA_VARIABLE, raising=False)


async def run(root: Path, story: Year | UserFile) -> Any:
    """Run a story and return its report, which fits the schema and says that everything held."""
    shown = StringIO()
    status = await run_demo(Console(file=shown, width=160), story, stays=False, root=root)
    report = json.loads((root / "report.json").read_text(encoding="utf-8"))
    Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(report)
    assert (status, report["holds"]) == (0, True), shown.getvalue()
    return report


async def test_the_seed_alone_decides_what_a_year_brings(tmp_path: Path) -> None:
    """Invariant 24: two runs of the same days come to the same report."""
    first, second = [await run(tmp_path / name, Year(seed=11, days=30)) for name in ("first", "second")]
    # The audit's hashes are of instants and drawn ids.
    timely = {"seconds", "addresses", "audit"}
    assert {name: value for name, value in first.items() if name not in timely} == {
        name: value for name, value in second.items() if name not in timely
    }
    assert {line["check"] for line in first["check"] if line["compared"] == 0} <= LATER


@pytest.mark.minutes
@pytest.mark.timeout(600)
async def test_row_24_the_seed_alone_decides_every_row(tmp_path: Path) -> None:
    """Invariant 24: two runs of the same days leave the same rows in all services, but for what is drawn."""
    for name in ("first", "second"):
        await run(tmp_path / name, Year(seed=11, days=30))
    found = unlike(*[await left_by(tmp_path / name) for name in ("first", "second")])
    assert not found, "\n".join(found)


async def left_by(root: Path) -> dict[str, Dump]:
    """Return the canonical dump of each service's database as a run that has ended left it."""
    postgres = EmbeddedPostgres(root / "postgres")
    postgres.start()
    server = for_sqlalchemy(postgres.url).rpartition("/")[0]
    found = {}
    try:
        for service in SERVICES:
            engine = create_async_engine(f"{server}/dueflow_{service}", poolclass=NullPool)
            async with engine.connect() as connection:
                found[service] = await dump(connection)
            await engine.dispose()
    finally:
        postgres.stop()
    return found


async def test_a_users_file_comes_out_as_it_went_in(tmp_path: Path) -> None:
    """Each invoice and payment on its own date; the bad row is named; every figure is as counted from the text."""
    path = tmp_path / "receivables.csv"
    path.write_text("\n".join((HEADER, *ROWS, "")), encoding="utf-8")
    report = await run(tmp_path / "run", UserFile(path=path, reading=read_file(path, None)))
    figures = report["file"]
    assert [(row["line"], row["column"]) for row in figures["bad_rows"]] == [(5, "InvoiceAmount")]
    expected = {"invoices": "5", "amount": "1405.76", "late": "3", "overdue_by_days": "2", "overdue_events": "3"}
    assert {name: figures[name]["found"] for name in expected} == expected
