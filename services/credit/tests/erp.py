"""An ERP that calls credit's API: replicas over one database, and what it may ask of them."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import yaml

from services.credit.gateways.policy_file import read_policy
from services.credit.main import SERVICE
from services.credit.settings import CreditSettings
from shared.ids import new_id
from shared.run import make_api
from shared.service import make_context
from shared.web.keys import Scope, key_entry
from shared.web.serve import server

PARTITIONS = 4
POLICY = read_policy(CreditSettings.model_fields["credit_policy_file"].default)

_KEY = "credit-test-key-0123456789"
_BOSS_KEY = "credit-boss-key-0123456789"
_SCOPES: frozenset[Scope] = frozenset({"read", "write", "admin"})


@dataclass
class Erp:
    """An ERP that calls one or several replicas of credit's API in turn, with a new key for each intent."""

    clients: Sequence[httpx.AsyncClient]
    calls: int = 0

    async def post(
        self, path: str, body: Any = None, *, key: str | None = None, as_boss: bool = False
    ) -> httpx.Response:
        """POST a body under a new key, or under this one; `as_boss` as another caller."""
        bearer = {"Authorization": f"Bearer {_BOSS_KEY}"} if as_boss else {}
        return await self.send("POST", path, json=body, headers={"Idempotency-Key": key or new_id().hex, **bearer})

    async def put(self, path: str, body: Any) -> httpx.Response:
        """PUT a body."""
        return await self.send("PUT", path, json=body, headers={"Idempotency-Key": new_id().hex})

    async def patch(self, path: str, body: Any, *, version: int | None) -> httpx.Response:
        """PATCH a body onto the version that was read."""
        match_header = {} if version is None else {"If-Match": f'"{version}"'}
        return await self.send("PATCH", path, json=body, headers={"Idempotency-Key": new_id().hex, **match_header})

    async def get(self, path: str, **query: Any) -> Any:
        """GET what must be there."""
        response = await self.send("GET", path, params=query)
        assert response.status_code == 200, response.text
        return response.json()

    async def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send any request to the next replica."""
        self.calls += 1
        return await self.clients[self.calls % len(self.clients)].request(method, path, **options)

    async def customer(self, number: str, **facts: Any) -> UUID:
        """Register a customer who exists from now on."""
        body = {"customer_number": number, "name": f"{number} Ltd", "kind": "company", "country": "CN", **facts}
        response = await self.post("/v1/customers", body)
        assert response.status_code == 201, response.text
        return UUID(response.json()["customer_id"])

    async def check(self, number: str, order: str, amount: str, currency: str = "CNY") -> Any:
        """Ask for an order on credit."""
        body = {"customer_number": number, "order_number": order, "amount": amount, "currency": currency}
        response = await self.post("/v1/credit-checks", body)
        assert response.status_code == 201, response.text
        return response.json()


def policy_file(folder: Path, **sections: Any) -> Path:
    """Write the default policy with these sections instead of its own; return where."""
    default = yaml.safe_load(CreditSettings.model_fields["credit_policy_file"].default.read_text(encoding="utf-8"))
    path = folder / "policy.yaml"
    path.write_text(yaml.safe_dump({**default, **sections}, sort_keys=False), encoding="utf-8")
    return path


@asynccontextmanager
async def replicas(database_url: str, folder: Path, count: int = 1, **settings: Any) -> AsyncIterator[Erp]:
    """Run `count` replicas of the API, each on its own socket, thread and pool, over one database."""
    keys = folder / "keys.json"
    keys.write_text(json.dumps([key_entry(name, key, _SCOPES) for name, key in (("erp", _KEY), ("boss", _BOSS_KEY))]))
    secret = folder / "cursor-secret"
    secret.write_text(_KEY)
    configured = CreditSettings(
        database_url=database_url,
        kafka_bootstrap="127.0.0.1:9",
        api_keys_file=keys,
        port=1,
        worker_port=1,
        partitions=PARTITIONS,
        rate_per_second=100_000,
        cursor_secret_file=secret,
        **settings,
    )
    processes = [
        server(make_api(SERVICE, make_context(SERVICE, configured, "api")), host="127.0.0.1", port=0)
        for _ in range(count)
    ]
    threads = [threading.Thread(target=each.run) for each in processes]
    for thread in threads:
        thread.start()
    while not all(each.started for each in processes):
        await asyncio.sleep(0.01)
    ports = [each.servers[0].sockets[0].getsockname()[1] for each in processes]
    bearer = {"Authorization": f"Bearer {_KEY}"}
    clients = [httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=bearer, timeout=30) for port in ports]
    try:
        yield Erp(clients)
    finally:
        for client in clients:
            await client.aclose()
        for process in processes:
            process.should_exit = True
        for thread in threads:
            await asyncio.to_thread(thread.join)
