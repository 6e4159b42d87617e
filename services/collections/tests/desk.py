"""People at their desks: collections' API on a real socket, over the database of a test."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from services.collections.main import SERVICE
from services.collections.settings import CollectionsSettings
from services.collections.tests.house import PARTITIONS
from shared.ids import new_id
from shared.run import make_api
from shared.service import make_context
from shared.web.keys import key_entry
from tests.serving import serving

KEY = "collections-test-key-0123456789"


@dataclass
class Desk:
    """A caller with a key of every scope, and a new intent for each change."""

    client: httpx.AsyncClient

    async def post(self, path: str, body: Any, *, key: str | None = None) -> httpx.Response:
        """POST under a new intent, or under this one."""
        return await self.client.post(path, json=body, headers={"Idempotency-Key": key or new_id().hex})

    async def done(self, path: str, body: Any) -> Any:
        """POST what must succeed."""
        response = await self.post(path, body)
        assert response.status_code in {200, 201}, response.text
        return response.json()

    async def refused(self, path: str, body: Any) -> str:
        """POST what must contradict what is recorded; return why."""
        response = await self.post(path, body)
        assert response.status_code == 409, response.text
        return str(response.json()["detail"])

    async def get(self, path: str, **query: Any) -> Any:
        """GET what must be there."""
        response = await self.client.get(path, params=query)
        assert response.status_code == 200, response.text
        return response.json()

    async def task(self, kind: str) -> Any:
        """The one open task of this kind."""
        items = (await self.get("/v1/tasks", state="open"))["items"]
        (task,) = [each for each in items if each["kind"] == kind]
        return task


@asynccontextmanager
async def desk_on(database_url: str, folder: Path) -> AsyncIterator[Desk]:
    """Run one API process's worth of collections."""
    keys = folder / "keys.json"
    keys.write_text(json.dumps([key_entry("desk", KEY, frozenset({"read", "write", "admin"}))]))
    settings = CollectionsSettings(
        database_url=database_url,
        kafka_bootstrap="127.0.0.1:9",
        api_keys_file=keys,
        port=1,
        worker_port=1,
        partitions=PARTITIONS,
        rate_per_second=100_000,
    )
    bearer = {"Authorization": f"Bearer {KEY}"}
    async with (
        serving(make_api(SERVICE, make_context(SERVICE, settings, "api"))) as base_url,
        httpx.AsyncClient(base_url=base_url, headers=bearer, timeout=30) as client,
    ):
        yield Desk(client)
