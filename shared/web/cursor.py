"""Pages through a listing by signed positions: a page never shifts, and a cursor opens only its own listing."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Query, Request
from pydantic import BaseModel, Field

from shared.web.models import QueryInteger
from shared.web.problem_types import CURSOR_INVALID
from shared.web.problems import Problem

T = TypeVar("T")
Position = list[str | int | None]

DEFAULT_LIMIT = 100
MAX_LIMIT = 500


class Page(BaseModel, Generic[T]):
    """One page of a listing, and the cursor of the next one where there is more."""

    items: list[T]
    next_cursor: str | None = Field(description="Pass it as `cursor`, with the same filters, to read on.")


class Cursors:
    """Signs positions with the service's secret, bound to who reads which listing through which filters."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def sign(self, position: Position, *, binding: Sequence[object]) -> str:
        """Return the cursor that stands behind the row at `position` (its sort key, ending with its id)."""
        payload = json.dumps(position, separators=(",", ":")).encode()
        return _encode(payload) + "." + _encode(self._signature(payload, binding))

    def open(self, cursor: str, *, binding: Sequence[object]) -> Position:
        """Return the position; raise the problem `cursor-invalid` for anything we did not sign for this binding."""
        try:
            payload, signature = (_decode(part) for part in cursor.split("."))
        except ValueError:
            raise Problem(CURSOR_INVALID) from None
        if not hmac.compare_digest(signature, self._signature(payload, binding)):
            raise Problem(CURSOR_INVALID)
        position: Position = json.loads(payload)
        return position

    def _signature(self, payload: bytes, binding: Sequence[object]) -> bytes:
        bound = json.dumps(binding, default=str).encode()
        return hmac.digest(self._secret, hashlib.sha256(bound).digest() + payload, "sha256")[:16]


@dataclass(frozen=True, slots=True)
class Paging:
    """Where a reader stands in a listing: fetch `limit + 1` rows behind `after`, then make them a page."""

    limit: int
    after: Position | None
    _sign: Callable[[Position], str]

    def next_cursor(self, rows: Sequence[T], position: Callable[[T], Position]) -> str | None:
        """Return the cursor behind the last row shown, or None where `rows` holds no more than `limit`."""
        return self._sign(position(rows[self.limit - 1])) if len(rows) > self.limit else None

    def page(self, rows: Sequence[T], *, position: Callable[[T], Position], item: Callable[[T], Any]) -> dict[str, Any]:
        """Return the page of these rows, each shown by `item`."""
        return {"items": [item(row) for row in rows[: self.limit]], "next_cursor": self.next_cursor(rows, position)}


def _paging(
    request: Request,
    limit: Annotated[QueryInteger, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
) -> Paging:
    cursors: Cursors = request.app.state.cursors
    filters = sorted(item for item in request.query_params.multi_items() if item[0] not in {"limit", "cursor"})
    binding = [request.state.caller.name, request.url.path, filters]
    after = cursors.open(cursor, binding=binding) if cursor is not None else None
    return Paging(limit, after, lambda position: cursors.sign(position, binding=binding))


Listing = Annotated[Paging, Depends(_paging)]


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(text) from error
