"""The ledger as a caller meets it: its real application on a fresh database, and the worker's days by hand."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import text

from services.ledger.day_opening import advance, make_opener
from services.ledger.main import SERVICE
from services.ledger.settings import LedgerSettings
from services.ledger.usecases.advance_day import Step
from shared.ids import new_id
from shared.run import make_api
from shared.service import Context, make_context
from shared.web.keys import key_entry

KEY = "a-key-for-tests"
PARTITIONS = 4

ENTITY = {
    "code": "acme",
    "name": "Acme 有限公司",
    "country": "CN",
    "zone": "Asia/Shanghai",
    "currency": "CNY",
    "accounts": "china",
    "payee": {"name": "Acme", "account": "6222", "bank": "ICBC", "phone": "+8621", "email": "ar@acme.test"},
}


@dataclass
class House:
    """One ledger: REST by `post` and `get`, days by `open`, and what it published by `published`."""

    context: Context
    client: httpx.AsyncClient
    seen: list[int] = field(default_factory=lambda: [0])

    async def post(self, path: str, body: Mapping[str, Any], *, key: str = "") -> httpx.Response:
        """Post a body under a new intent, unless its key is given."""
        headers = {"Idempotency-Key": key or str(new_id())}
        return await self.client.post(f"/v1{path}", json=body, headers=headers)

    async def done(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Post a body that must succeed, and return the answer."""
        answer = await self.post(path, body)
        assert answer.status_code in {201, 202, 207}, answer.text
        return dict(answer.json())

    async def get(self, path: str, **query: str) -> dict[str, Any]:
        """Return what is at a path."""
        answer = await self.client.get(f"/v1{path}", params=query)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def open(self, day: str) -> None:
        """Open a day as the worker does, and every missed one before it."""
        await self.done("/business-days", {"day": day})
        await self.work()

    async def work(self) -> Step:
        """Do the worker's steps until there is none, or it waits; return which."""
        opener = make_opener(self.context)
        while (step := await advance(self.context, opener)) is Step.DONE:
            pass
        return step

    async def invoice(self, number: str, total: str, due: str, **other: Any) -> dict[str, Any]:
        """Issue an invoice of customer C-1 without tax, due on one day."""
        return await self.done("/invoices", invoice_body(number, total, due, **other))

    async def pay(self, reference: str, amount: str, received: str, **other: Any) -> dict[str, Any]:
        """Record a payment of customer C-1."""
        return await self.done("/payments", payment_body(reference, amount, received, **other))

    async def published(self) -> list[tuple[str, dict[str, Any]]]:
        """Return the events about customers since the last call, in order: short names and bodies."""
        rows = await self.rows(
            f"SELECT id, wire, body FROM outbox WHERE id > {self.seen[0]} AND customer_id IS NOT NULL ORDER BY id"
        )
        if rows:
            self.seen[0] = rows[-1]["id"]
        return [(row["wire"].split(".")[1], json.loads(row["body"])) for row in rows]

    async def rows(self, query: str, **parameters: Any) -> list[dict[str, Any]]:
        """Return the rows of a query."""
        async with self.context.engine.connect() as connection:
            return [dict(row) for row in (await connection.execute(text(query), parameters)).mappings()]


def make_house(database_url: str, folder: Path, **settings: Any) -> House:
    """Return a ledger on this migrated database; by default under the fast clock, and waiting for nobody."""
    keys = folder / "keys.json"
    keys.write_text(json.dumps([key_entry("erp", KEY, frozenset({"read", "write", "admin"}))]))
    usual = {"clock": "fast", "day_followers": (), "partitions": PARTITIONS, "kafka_bootstrap": "localhost:1"}
    context = make_context(
        SERVICE,
        LedgerSettings(
            database_url=database_url,
            api_keys_file=keys,
            port=1,
            worker_port=2,
            **{**usual, **settings},
        ),
        "api",
    )
    transport = httpx.ASGITransport(app=make_api(SERVICE, context))
    client = httpx.AsyncClient(
        transport=transport, base_url="http://ledger", headers={"Authorization": f"Bearer {KEY}"}, timeout=60
    )
    return House(context, client)


def invoice_body(number: str, total: str, due: str, **other: Any) -> dict[str, Any]:
    """Return an invoice of one line, issued on 2026-01-01 unless said otherwise."""
    return {
        "entity": "acme",
        "number": number,
        "customer_number": "C-1",
        "issue_date": "2026-01-01",
        "currency": "CNY",
        "lines": [{"description": "Bolts", "amount": total}],
        "tax": "0",
        "total": total,
        "instalments": [{"due_date": due, "amount": total}],
        **other,
    }


def payment_body(reference: str, amount: str, received: str, **other: Any) -> dict[str, Any]:
    """Return a payment without a remittance."""
    return {
        "entity": "acme",
        "customer_number": "C-1",
        "source": "bank",
        "reference": reference,
        "received_date": received,
        "currency": "CNY",
        "amount": amount,
        **other,
    }
