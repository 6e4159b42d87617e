"""Reads the Idempotency-Key of a changing request and fingerprints the request, so that a repeat is known as one."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from fastapi import Depends, Header, Request, Response

from shared.observe import trace
from shared.web import strict_json
from shared.web.keys import Caller, Needs, Scope

C = TypeVar("C")

_ONE_INTENT = "New for each intent, and the same again for a repeat of it."

KEY_HEADER = "Idempotency-Key"


class Intent(NamedTuple):
    """What a caller means to do once: its key counts within caller and route only."""

    caller: str
    route: str
    key: str


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """The bytes a caller got, and gets again for the same intent."""

    status: int
    body: bytes
    content_type: str = "application/json"

    def response(self) -> Response:
        """Return the answer as a response."""
        return Response(self.body, status_code=self.status, media_type=self.content_type)


@dataclass(frozen=True, slots=True)
class Work(Generic[C]):
    """One request on its way to a use case: its command, whose intent it is, and the customers it will change."""

    command: C
    intent: Intent
    request_hash: bytes
    customer_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """Who asked, in which request and trace: what a command carries on to the cause of its events."""

    cause_id: UUID
    actor: str
    correlation_id: str
    traceparent: str


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """A changing request whose origin, key and content are known."""

    origin: Origin
    intent: Intent
    request_hash: bytes

    def work(self, command: C, *, customer_ids: Sequence[UUID] = ()) -> Work[C]:
        """Return the command as work under this request's intent."""
        return Work(command, self.intent, self.request_hash, tuple(customer_ids))


def keyed(scope: Scope) -> Any:
    """Return the dependency of a POST: the caller has `scope`, and sent a key (its absence is a 400)."""

    async def read(
        request: Request,
        caller: Annotated[Caller, Depends(Needs(scope))],
        key: Annotated[str, Header(alias=KEY_HEADER, pattern="^[A-Za-z0-9_-]{8,128}$", description=_ONE_INTENT)],
    ) -> KeyedRequest:
        intent = Intent(caller.name, f"{request.method} {request.scope['route'].path}", key)
        return KeyedRequest(origin_of(caller), intent, await _fingerprint(request))

    return Depends(read)


Keyed = Annotated[KeyedRequest, keyed("write")]
KeyedAdmin = Annotated[KeyedRequest, keyed("admin")]


def origin_of(caller: Caller) -> Origin:
    """Return the origin of what this caller asks for in the request at hand."""
    current = trace.current_trace()
    return Origin(UUID(trace.current_request_id()), caller.name, current.correlation_id, current.traceparent)


async def _fingerprint(request: Request) -> bytes:
    """Return the SHA-256 of path, query and body, the same for every spelling of the same JSON (row 38)."""
    raw = await request.body()
    content = [request.path_params, request.query_params.multi_items(), strict_json.parse(raw) if raw else None]
    canonical: Callable[[object], str] = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=str).encode
    return hashlib.sha256(canonical(content).encode()).digest()
