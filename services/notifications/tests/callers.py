"""Holders of keys who call the API of a house over real sockets."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from services.notifications.main import SERVICE
from services.notifications.tests.house import House
from shared.ids import new_id
from shared.run import make_api
from shared.service import make_context
from shared.web.keys import key_entry
from tests.serving import serving


class Caller:
    """A holder of a key."""

    def __init__(self, base_url: str, key: str) -> None:
        self.base_url = base_url
        self._client = httpx.AsyncClient(base_url=base_url, headers={"Authorization": f"Bearer {key}"}, timeout=30)

    async def post(self, path: str, body: Any = None, *, key: str | None = None) -> httpx.Response:
        """POST under a new idempotency key, or this one."""
        return await self._client.post(path, json=body, headers={"Idempotency-Key": key or new_id().hex})

    async def get(self, path: str, **query: Any) -> Any:
        """GET what must be there."""
        response = await self._client.get(path, params=query)
        assert response.status_code == 200, response.text
        return response.json()

    async def fetch(self, path: str) -> httpx.Response:
        """GET, whatever comes of it."""
        return await self._client.get(path)

    async def close(self) -> None:
        """Hang up."""
        await self._client.aclose()


@asynccontextmanager
async def calling(house: House, folder: Path) -> AsyncIterator[dict[str, Caller]]:
    """Run the API of the house, with two administrators and a reader."""
    scopes = {"ann": {"read", "write", "admin"}, "bob": {"read", "write", "admin"}, "eve": {"read"}}
    keys = folder / "keys.json"
    keys.write_text(json.dumps([key_entry(each, f"key-of-{each}", frozenset(scopes[each])) for each in scopes]))  # type: ignore[arg-type]
    settings = house.context.settings.model_copy(update={"api_keys_file": keys})
    async with serving(make_api(SERVICE, make_context(SERVICE, settings, "api"))) as base_url:
        callers = {each: Caller(base_url, f"key-of-{each}") for each in scopes}
        yield callers
        for caller in callers.values():
            await caller.close()
