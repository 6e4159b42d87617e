"""One service's HTTP side: the key, the Idempotency-Key, patience with a service that is busy or away, and pages."""

import asyncio
import random
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any, TypeAlias

import httpx

from dueflow_client.problem import problem_of

Query: TypeAlias = Mapping[str, Any]

_PAGE_ITEMS = 500
_ASK_AGAIN = (429, 503)
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 5.0


class Transport:
    """Sends requests to one service and repeats what may be repeated, always under the same Idempotency-Key."""

    def __init__(self, http: httpx.AsyncClient, *, patience_seconds: float) -> None:
        self._http = http
        self._patience_seconds = patience_seconds

    async def get(self, path: str, **query: Any) -> Any:
        """Return the JSON at `path`; parameters that are None are left out."""
        return (await self._send("GET", path, query=query)).json()

    async def content(self, path: str, *, media_type: str) -> bytes:
        """Return the bytes of a file at `path`."""
        return (await self._send("GET", path, headers={"Accept": media_type})).content

    async def pages(self, path: str, **query: Any) -> AsyncIterator[Any]:
        """Yield every item of a listing, page after page."""
        query.setdefault("limit", _PAGE_ITEMS)
        cursor: str | None = None
        while True:
            page = await self.get(path, **query, cursor=cursor)
            for item in page["items"]:
                yield item
            cursor = page["next_cursor"]
            if cursor is None:
                return

    async def post(
        self, path: str, body: Any = None, *, key: str | None = None, timeout_seconds: float | None = None
    ) -> Any:
        """Post `body`; without a `key` of the caller's, one is drawn for this call and its repetitions."""
        headers = {"Idempotency-Key": key or secrets.token_hex(16)}
        content: dict[str, Any] = {} if body is None else {"json": body}
        if timeout_seconds is not None:
            content["timeout"] = httpx.Timeout(timeout_seconds, pool=None)
        response = await self._send("POST", path, headers=headers, **content)
        return response.json() if response.content else None

    async def put(self, path: str, body: Any) -> Any:
        """Put `body` at `path`."""
        return (await self._send("PUT", path, headers={"Idempotency-Key": secrets.token_hex(16)}, json=body)).json()

    async def patch(self, path: str, body: Any, *, etag: str) -> Any:
        """Change what `etag` says was seen; a change that came between is refused with 412."""
        headers = {"If-Match": etag, "Idempotency-Key": secrets.token_hex(16)}
        return (await self._send("PATCH", path, headers=headers, json=body)).json()

    async def upload(self, path: str, content: bytes, *, media_type: str, key: str | None = None, **query: Any) -> Any:
        """Post a file's bytes."""
        headers = {"Idempotency-Key": key or secrets.token_hex(16), "Content-Type": media_type}
        return (await self._send("POST", path, query=query, headers=headers, content=content)).json()

    async def _send(self, method: str, path: str, *, query: Query | None = None, **request: Any) -> httpx.Response:
        parameters = {name: str(value) for name, value in (query or {}).items() if value is not None}
        give_up_at = time.monotonic() + self._patience_seconds
        pause_seconds = _FIRST_PAUSE_SECONDS
        while True:
            try:
                response = await self._http.request(method, path, params=parameters, **request)
            except httpx.TransportError:
                if time.monotonic() + pause_seconds > give_up_at:
                    raise
            else:
                if response.is_success:
                    return response
                wait_seconds = float(response.headers.get("Retry-After", pause_seconds))
                if response.status_code not in _ASK_AGAIN or time.monotonic() + wait_seconds > give_up_at:
                    raise problem_of(response)
                pause_seconds = max(pause_seconds, wait_seconds)
            # Jitter keeps clients that were refused together from coming back together.
            await asyncio.sleep(pause_seconds * random.uniform(1.0, 1.5))  # noqa: S311 - not a secret
            pause_seconds = min(pause_seconds * 2, _LONGEST_PAUSE_SECONDS)
