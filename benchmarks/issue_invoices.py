"""Measures how many invoices a second the ledger records: one by one, in bulk and by file, each beside its limit.

`python -m benchmarks.issue_invoices [INVOICES]`. The limit of single requests is an endpoint that does nothing, that of
bulk and of files a plain insert of as many rows; both are measured in the same run.
"""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.ledger_house import DAY, LedgerHouse, ledger_house
from benchmarks.load import Load, drive, request
from services.ledger.api.import_kinds import import_kinds
from services.ledger.api.import_work import work_next
from shared.rows import Rows, insert_rows

INVOICES = 5000
CUSTOMERS = 200
CONNECTIONS = 64
BULK = 500
TABLES = ("invoice", "instalment", "movement", "journal_entry", "posting", "audit_record", "outbox", "idempotency")
HEADER = "entity,number,customer_number,issue_date,net_days,currency,net_amount,tax,total"
NOTE = "x" * 100
PLAIN = Rows.of("plain", key=["id"], id="bigint", name="text", day="date", minor="bigint", note="text")


@dataclass(frozen=True, slots=True)
class Figure:
    """A rate of invoices, and the rate that nothing of its kind can pass."""

    what: str
    per_second: float
    limit: float
    latency: str = ""


async def measure(invoices: int) -> list[Figure]:
    """Return the figures of one run."""
    async with ledger_house() as house:
        await post_invoices(house, invoices // 10, prefix="W")  # warm
        empty = await drive(house.port, [request("GET", "/livez", key=house.key)] * invoices, connections=CONNECTIONS)
        before = await _rows(house.context.engine)
        singles = await post_invoices(house, invoices, prefix="S")
        rows_each = (await _rows(house.context.engine) - before) / invoices
        plain = await _plain(house.context.engine, rows=round(invoices * rows_each)) / rows_each
        return [
            Figure("single POSTs", singles.per_second, empty.per_second, _latency(singles)),
            Figure(f"bulk, {BULK} each", await _bulk(house, invoices), plain),
            Figure("import of CSV", await _import(house, invoices), plain),
        ]


async def post_invoices(house: LedgerHouse, invoices: int, *, prefix: str) -> Load:
    """Issue so many invoices one by one, on many connections at once; their numbers begin with the prefix."""
    bodies = [json.dumps(_invoice(f"{prefix}-{count}", count)).encode() for count in range(invoices)]
    requests = [request("POST", "/v1/invoices", key=house.key, body=body) for body in bodies]
    return await drive(house.port, requests, connections=CONNECTIONS)


async def _bulk(house: LedgerHouse, invoices: int) -> float:
    items = [_invoice(f"B-{count}", count) for count in range(invoices)]
    portions = [items[start : start + BULK] for start in range(0, invoices, BULK)]
    requests = [
        request("POST", "/v1/invoices/batch", key=house.key, body=json.dumps({"items": portion}).encode())
        for portion in portions
    ]
    return invoices / (await drive(house.port, requests, connections=2)).seconds


async def _import(house: LedgerHouse, invoices: int) -> float:
    rows = [f"bench,F-{count},C-{count % CUSTOMERS},{DAY},30,CNY,100.00,13.00,113.00" for count in range(invoices)]
    content = "\n".join([HEADER, *rows, ""]).encode()
    sent = request("POST", "/v1/imports?kind=invoices", key=house.key, body=content, media_type="text/csv")
    started = time.perf_counter()
    await drive(house.port, [sent], connections=1)
    kinds = import_kinds(house.context)
    while await work_next(house.context, kinds):
        pass
    return invoices / (time.perf_counter() - started)


async def _plain(engine: AsyncEngine, *, rows: int) -> float:
    """Insert as many rows into one table of five columns, in transactions of as many rows as a bulk request writes."""
    async with engine.begin() as connection:
        await connection.execute(
            text("CREATE TABLE plain (id bigint PRIMARY KEY, name text, day date, minor bigint, note text)")
        )
    plain = [{"id": count, "name": f"row {count}", "day": DAY, "minor": count, "note": NOTE} for count in range(rows)]
    started = time.perf_counter()
    for start in range(0, rows, BULK * 10):
        async with engine.begin() as connection:
            await insert_rows(connection, PLAIN, plain[start : start + BULK * 10])
    return rows / (time.perf_counter() - started)


async def _rows(engine: AsyncEngine) -> int:
    counts = " + ".join(f"(SELECT count(*) FROM {table})" for table in TABLES)
    async with engine.connect() as connection:
        return int((await connection.execute(text(f"SELECT {counts}"))).scalar_one())


def _invoice(number: str, count: int) -> dict[str, object]:
    return {
        "entity": "bench",
        "number": number,
        "customer_number": f"C-{count % CUSTOMERS}",
        "issue_date": DAY.isoformat(),
        "currency": "CNY",
        "lines": [{"description": "Pumps", "amount": "100.00"}],
        "tax": "13.00",
        "total": "113.00",
        "terms": {"kind": "net", "days": 30},
    }


def _latency(load: Load) -> str:
    return f"{load.milliseconds(50):.0f} ms half, {load.milliseconds(99):.0f} ms 99 %"


def _shown(figures: Sequence[Figure]) -> str:
    lines = [f"{'invoices a second':<20}{'measured':>10}{'limit':>10}{'of it':>8}  latency"]
    for each in figures:
        share = each.per_second / each.limit
        lines.append(f"{each.what:<20}{each.per_second:>10,.0f}{each.limit:>10,.0f}{share:>8.0%}  {each.latency}")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    asked = int(sys.argv[1]) if len(sys.argv) > 1 else INVOICES
    sys.stdout.write(_shown(asyncio.run(measure(asked))))
