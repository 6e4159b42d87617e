"""The refusal of a call, as the service explained it (problem+json, RFC 9457)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(eq=False)
class Problem(Exception):
    """A call was refused; `errors` point at the fields, `detail` says what to do instead."""

    status: int
    type: str
    title: str
    detail: str
    errors: tuple[Mapping[str, Any], ...] = ()

    def __str__(self) -> str:
        at = "; ".join(f"{each.get('pointer', '')}: {each.get('detail', '')}" for each in self.errors)
        return " - ".join(part for part in (f"{self.status} {self.title}", self.detail, at) if part)

    @staticmethod
    def of(status: int, body: Mapping[str, Any]) -> "Problem":
        """Return the problem that a body describes."""
        return Problem(
            status=status,
            type=str(body.get("type", "about:blank")),
            title=str(body.get("title", "refused")),
            detail=str(body.get("detail", "")),
            errors=tuple(body.get("errors", ())),
        )


def problem_of(response: httpx.Response) -> Problem:
    """Return the problem in `response`; a body that is no problem+json (a proxy's page) is not repeated."""
    if "json" not in response.headers.get("content-type", ""):
        return Problem.of(response.status_code, {"title": response.reason_phrase})
    return Problem.of(response.status_code, response.json())
