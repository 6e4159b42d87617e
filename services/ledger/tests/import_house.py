"""A ledger's API over a fresh database, and the worker's import task called by hand: what tests of imports stand on."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import text

from deploy.local.api_keys import new_key
from services.ledger.api.import_kinds import import_kinds
from services.ledger.api.import_work import work_next
from services.ledger.main import SERVICE
from services.ledger.settings import LedgerSettings
from services.ledger.tests.books_at_hand import Books
from shared.run import make_api
from shared.service import Context, make_context

HEADER = "entity,number,customer_number,issue_date,due_date,currency,net_amount,tax,total"
DAY = date(2026, 3, 2)


def invoice_row(number: str, *, customer: str = "C-1", total: str = "113.00") -> str:
    """A good row of a CSV file of invoices with the usual header."""
    return f"acme,{number},{customer},2026-03-01,2026-03-31,CNY,{total},0.00,{total}"


def csv_file(*rows: str, header: str = HEADER) -> bytes:
    """A CSV file of these rows."""
    return "\r\n".join([header, *rows, ""]).encode()


def make_ledger(database_url: str, folder: Path, *, role: str = "api") -> Context:
    """The parts of a process of the ledger, whose one key is admitted to everything."""
    settings = LedgerSettings(
        database_url=database_url,
        kafka_bootstrap="127.0.0.1:9",
        api_keys_file=folder / "keys.json",
        port=1,
        worker_port=1,
        clock="fast",
    )
    return make_context(SERVICE, settings, "worker" if role == "worker" else "api")


@dataclass
class ImportHouse:
    """The ledger as its callers see it."""

    context: Context
    http: httpx.AsyncClient
    books: Books

    @classmethod
    def of(cls, database_url: str, folder: Path) -> "ImportHouse":
        """The API over this database."""
        key = new_key(folder / "keys.json", "erp")
        context = make_ledger(database_url, folder)
        http = httpx.AsyncClient(
            transport=httpx.ASGITransport(make_api(SERVICE, context)),
            base_url="http://ledger",
            headers={"Authorization": f"Bearer {key}"},
        )
        return cls(context, http, Books(context.engine))

    async def close(self) -> None:
        """End it."""
        await self.http.aclose()
        await self.context.wake.close()
        await self.context.engine.dispose()

    async def send(
        self, content: bytes, *, kind: str = "invoices", strict: bool = False, media_type: str = "text/csv"
    ) -> httpx.Response:
        """Send a file."""
        return await self.http.post(
            "/v1/imports",
            params={"kind": kind, "strict": str(strict).lower()},
            content=content,
            headers={"Content-Type": media_type},
        )

    async def work(self) -> None:
        """Work whatever waits, as the worker does."""
        while await work_next(self.context, import_kinds(self.context)):
            pass

    async def bring_in(self, content: bytes, **how: Any) -> dict[str, Any]:
        """Send a file, work it, and return the import as it ended."""
        sent = await self.send(content, **how)
        assert sent.status_code == 202, sent.text
        await self.work()
        return dict((await self.http.get(f"/v1/imports/{sent.json()['import_id']}")).json())

    async def errors(self, import_id: str) -> list[tuple[int, str, str]]:
        """The report: line, column and reason of each error."""
        page = (await self.http.get(f"/v1/imports/{import_id}/errors")).json()
        return [(each["line"], each["column"], each["reason"]) for each in page["items"]]

    async def count(self, table: str) -> int:
        """How many rows a table has."""
        async with self.context.engine.connect() as connection:
            return int((await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())
