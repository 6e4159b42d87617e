"""Who is calling, and what the key may do: named API keys kept as SHA-256 in a file that may change at any time."""

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import structlog
from fastapi import Depends, Request
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from shared.web.problem_types import FORBIDDEN, TOO_MANY_REQUESTS, UNAUTHENTICATED
from shared.web.problems import Problem

Scope = Literal["read", "write", "admin"]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Caller:
    """The holder of a key; the name is the audit's "who"."""

    name: str
    scopes: frozenset[Scope]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    scopes: frozenset[Scope]


_ENTRIES = TypeAdapter(tuple[_Entry, ...])


def new_key() -> str:
    """Return a new key of 256 random bits; its holder sees it once."""
    return f"dueflow_{secrets.token_urlsafe(32)}"


def key_entry(name: str, key: str, scopes: frozenset[Scope]) -> dict[str, object]:
    """Return the entry that admits `key`, which itself is stored nowhere."""
    return {"name": name, "sha256": hashlib.sha256(key.encode()).hexdigest(), "scopes": sorted(scopes)}


class KeyFile:
    """The admitted keys: `[{"name", "sha256", "scopes"}]`, read again as soon as the file changes.

    A file that cannot be read at start is an error; one that breaks later leaves the keys as they were.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = self._state()
        self._entries = self._read()

    def caller(self, key: str) -> Caller | None:
        """Return the caller to whom `key` belongs; takes the same time whichever entry it is."""
        self._refresh()
        digest = hashlib.sha256(key.encode()).hexdigest()
        matching = [entry for entry in self._entries if hmac.compare_digest(entry.sha256, digest)]
        return Caller(matching[0].name, matching[0].scopes) if matching else None

    def _refresh(self) -> None:
        try:
            if (state := self._state()) == self._seen:
                return
            self._entries = self._read()
            self._seen = state
        except (OSError, ValueError) as error:
            log.warning("api_keys_unreadable", cause=type(error).__name__)

    def _state(self) -> tuple[int, int, int]:
        stat = self._path.stat()
        return stat.st_mtime_ns, stat.st_size, stat.st_ino

    def _read(self) -> tuple[_Entry, ...]:
        return _ENTRIES.validate_json(self._path.read_bytes())


class RateLimit:
    """One token bucket per caller, refilled by monotonic time; two seconds' worth may be spent at once."""

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._buckets: dict[str, tuple[float, float]] = {}

    def spend(self, name: str) -> float:
        """Takes one token; returns the seconds until there is one, which is 0 where it was taken."""
        now = time.monotonic()
        tokens, since = self._buckets.get(name, (2 * self._per_second, now))
        tokens = min(2 * self._per_second, tokens + (now - since) * self._per_second)
        allowed = tokens >= 1
        self._buckets[name] = (tokens - 1 if allowed else tokens, now)
        return 0.0 if allowed else (1 - tokens) / self._per_second


class Needs(SecurityBase):
    """A route's declaration of the scope that its caller must have."""

    scheme_name = "ApiKey"
    model = HTTPBearer(description="A named key of this installation: `Authorization: Bearer <key>`.")

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    async def __call__(self, request: Request) -> Caller:
        """Return the caller; raise 401, 403 or 429."""
        caller = getattr(request.state, "caller", None) or authenticate(request)
        if self.scope not in caller.scopes:
            raise Problem(FORBIDDEN, f"This needs the scope {self.scope}.")
        return caller


async def anyone() -> None:
    """A route's declaration that it is public."""


Public = Depends(anyone)
Reader = Annotated[Caller, Depends(Needs("read"))]
Writer = Annotated[Caller, Depends(Needs("write"))]
Admin = Annotated[Caller, Depends(Needs("admin"))]


def authenticate(request: Request) -> Caller:
    """Return the caller of this request, found once and charged once; raises 401 or 429."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    keys: KeyFile = request.app.state.keys
    caller = keys.caller(key.strip()) if scheme.lower() == "bearer" else None
    if caller is None:
        log.warning("authentication_failed", has_key=bool(key))
        raise Problem(UNAUTHENTICATED, headers={"WWW-Authenticate": 'Bearer realm="dueflow"'})
    request.state.caller = caller
    if wait := request.app.state.rate.spend(caller.name):
        raise Problem(TOO_MANY_REQUESTS, headers={"Retry-After": str(int(wait) + 1)})
    return caller
