"""A file of customers: good lines are recorded, bad ones reported by line, column and reason (C1, faults 3.49)."""

from httpx import Response
from sqlalchemy.ext.asyncio import AsyncEngine

from services.credit.tests.days import rows
from services.credit.tests.erp import Erp

HEADER = "customer_number,name,kind,country,industry,limit_amount,limit_currency,key_customer\n"
GOOD = HEADER + 'K1,"ACME, Inc.",company,US,trade,500.00,USD,true\nK2,华东贸易,company,CN,,,,\n\n'
BAD = GOOD + "K3,Gamma,company,Germany,,,,\nK4,Delta,company,CN,,1.005,CNY,\nK5,Omega\nK6,Zeta,company,FR,,,,\n"


async def send(erp: Erp, content: str | bytes, *, strict: bool = False) -> Response:
    """Import a file."""
    return await erp.send(
        "POST",
        "/v1/imports",
        params={"strict": "true" if strict else "false"},
        content=content if isinstance(content, bytes) else content.encode(),
        headers={"Content-Type": "text/csv"},
    )


async def test_good_lines_go_on_and_bad_ones_are_reported(erp: Erp, engine: AsyncEngine) -> None:
    """Faults 3.49: line, column and reason, never the value; the report can be read again."""
    answer = await send(erp, BAD)
    assert answer.status_code == 201
    report = answer.json()
    figures = {name: report[name] for name in ("state", "rows_total", "rows_imported", "rows_known", "rows_refused")}
    assert figures == {"state": "done", "rows_total": 6, "rows_imported": 3, "rows_known": 0, "rows_refused": 3}
    assert [(each["line"], each["column"]) for each in report["errors"]] == [
        (5, "country"),
        (6, "limit_amount"),
        (7, ""),
    ]
    assert "Germany" not in answer.text
    assert await erp.get(f"/v1/imports/{report['import_id']}") == report
    assert await rows(
        engine, "SELECT name, limit_minor, key_customer FROM profile ORDER BY customer_number LIMIT 2"
    ) == [
        ("ACME, Inc.", 50000, True),
        ("华东贸易", None, False),
    ]


async def test_strict_records_all_or_nothing(erp: Erp, engine: AsyncEngine) -> None:
    """Faults 3.49: with one bad line nothing is recorded, and all bad lines are named."""
    report = (await send(erp, BAD, strict=True)).json()
    assert (report["state"], report["rows_imported"], len(report["errors"])) == ("refused", 0, 3)
    assert await rows(engine, "SELECT count(*) FROM profile") == [(0,)]
    assert (await send(erp, GOOD, strict=True)).json()["rows_imported"] == 2


async def test_the_same_file_again_changes_nothing(erp: Erp, engine: AsyncEngine) -> None:
    """C1: blank cells leave what is known, filled ones set it, and the history names the import as source."""
    await send(erp, GOOD)
    events = await rows(engine, "SELECT count(*) FROM outbox")
    again = (await send(erp, b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())).json()
    assert (again["rows_imported"], again["rows_known"]) == (0, 2)
    assert await rows(engine, "SELECT count(*) FROM outbox") == events
    changed = (await send(erp, HEADER + "K1,ACME Corp,company,US,,,,\n")).json()
    assert changed["rows_imported"] == 1
    customer = (await erp.get("/v1/customers", customer_number="K1"))["items"][0]
    assert (customer["name"], customer["industry"], customer["limit"]["amount"]) == ("ACME Corp", "trade", "500.00")
    newest = (await erp.get(f"/v1/customers/{customer['customer_id']}/history", limit=1))["items"][0]
    assert (newest["field"], newest["source"]) == ("name", f"import/{changed['import_id']}")


async def test_no_file_of_customers_is_refused_as_a_whole(erp: Erp) -> None:
    """Faults 3.25, 3.49: missing, unknown or repeated columns, other encodings and other formats."""
    for content in ("", "name,kind\n", HEADER.replace("industry", "colour"), HEADER.replace("industry", "name")):
        assert (await send(erp, content)).status_code == 422
    assert (await send(erp, HEADER.encode("utf-16"))).status_code == 422
    one_bad = (await send(erp, HEADER.encode() + b"K1,\xff\xfe,company,CN,,,,\n")).json()
    assert [(each["line"], each["column"]) for each in one_bad["errors"]] == [(2, "")]
    other = await erp.send("POST", "/v1/imports", content=b"{}", headers={"Content-Type": "application/json"})
    assert other.status_code == 415
