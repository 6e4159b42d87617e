"""What a refusal looks like to a caller: RFC 9457 problems of documented types, which never echo input."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from starlette.responses import JSONResponse

from shared.observe import trace
from shared.web.problem_types import UNAVAILABLE, ProblemType
from shared.web.strict_json import escape

MEDIA_TYPE = "application/problem+json"
MAX_ERRORS = 20


class Problem(Exception):
    """A refusal: raised where a request ends, or returned by a use case for one command of a batch."""

    def __init__(
        self,
        kind: ProblemType,
        detail: str = "",
        *,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(kind.slug)
        self.kind = kind
        self.detail = detail
        self.errors = list(errors)[:MAX_ERRORS]
        self.headers = dict(headers or {})
        self.members = dict(members or {})

    def body(self) -> dict[str, Any]:
        """Return the members of the document; extension members never replace standard ones."""
        body = {"type": self.kind.uri, "title": self.kind.title, "status": self.kind.status}
        if self.detail:
            body["detail"] = self.detail
        if self.errors:
            body["errors"] = self.errors
        return {**self.members, **body, "request_id": trace.current_request_id()}

    def response(self) -> JSONResponse:
        """Return the problem as a response of its own media type."""
        return JSONResponse(self.body(), status_code=self.kind.status, headers=self.headers, media_type=MEDIA_TYPE)


def pointer(location: Iterable[str | int]) -> str:
    """Return the JSON pointer of a pydantic location."""
    return "".join(f"/{escape(str(part))}" for part in location)


def problems(*kinds: ProblemType) -> dict[int | str, dict[str, Any]]:
    """Return the `responses=` of a route that can be refused in these ways."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        known = by_status.get(kind.status, {"description": ""})["description"]
        by_status[kind.status] = _documented(f"{known}- [`{kind.slug}`]({kind.uri}): {kind.title}\n")
    return by_status


def _documented(description: str) -> dict[str, Any]:
    return {"description": description, "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}


SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["type", "title", "status", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "maxItems": MAX_ERRORS,
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}


def unavailable() -> Problem:
    """Return the 503 of a database that is away: certain to be safe to repeat with the same key."""
    return Problem(UNAVAILABLE, headers={"Retry-After": "2"})
