"""Guards edits that can collide: a record shows its version as ETag, a change names the one it saw (row 41)."""

import re
from typing import Annotated

from fastapi import Depends, Header

from shared.web.problem_types import PRECONDITION_FAILED, PRECONDITION_REQUIRED
from shared.web.problems import Problem

_ETAG = re.compile(r'"([0-9]{1,18})"')


def etag(version: int) -> str:
    """Return the strong ETag of a record's version."""
    return f'"{version}"'


def stale() -> Problem:
    """The 412 of a change that was made on an older version."""
    return Problem(PRECONDITION_FAILED)


def _if_match(if_match: Annotated[str | None, Header(description="The ETag of what is being changed.")] = None) -> int:
    if if_match is None:
        raise Problem(PRECONDITION_REQUIRED)
    if (found := _ETAG.fullmatch(if_match)) is None:
        raise stale()
    return int(found[1])


IfMatch = Annotated[int, Depends(_if_match)]
