"""Turns every exception a request can end in into its problem, saying which rule was broken and never with what."""

from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from shared.web import outages
from shared.web.idempotency import KEY_HEADER
from shared.web.problem_types import COMMON, CONFLICT, INTERNAL, INVALID, KEY_REQUIRED, MALFORMED
from shared.web.problems import MAX_ERRORS, Problem, pointer, unavailable

_BY_STATUS = {kind.status: kind for kind in reversed(COMMON)}
# These messages of pydantic quote a piece of the input.
_OWN_WORDS = {"uuid_parsing": "Input should be a UUID", "json_invalid": "Input should be JSON"}


def install(app: FastAPI) -> None:
    """Give `app` an answer for each kind of exception; what is left is a fault of ours, which the edge answers."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(SQLAlchemyError, _database)
    app.add_exception_handler(OSError, _database)
    app.add_exception_handler(ClientDisconnect, _gone)


async def _problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return error.response()


async def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    if any(each["loc"] == ("header", KEY_HEADER) for each in error.errors()):
        return Problem(KEY_REQUIRED).response()
    return Problem(INVALID, errors=_distinct(error.errors(), below=1)).response()


def invalid(error: ValidationError) -> Problem:
    """Return the problem of a body that came another way than in a request of its own."""
    return Problem(INVALID, errors=_distinct(error.errors(include_input=False), below=0))


def _distinct(errors: Iterable[Mapping[str, Any]], *, below: int) -> list[dict[str, str]]:
    """Return at most 20 errors with their places below the part read; the many unknown members of an object are one."""
    found: dict[tuple[str, str], None] = {}
    for error in errors:
        unknown = error["type"] == "extra_forbidden"
        # The name of an unknown member is input, so the error points at the object that holds it.
        place = pointer(error["loc"][below:-1] if unknown else error["loc"][below:])
        found[place, "Unknown member" if unknown else _OWN_WORDS.get(error["type"], error["msg"])] = None
        if len(found) == MAX_ERRORS:
            break
    return [{"pointer": place, "detail": detail} for place, detail in found]


async def _http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    fallback = MALFORMED if error.status_code < INTERNAL.status else INTERNAL
    return Problem(_BY_STATUS.get(error.status_code, fallback), headers=error.headers).response()


async def _database(_request: Request, error: Exception) -> Response:
    if outages.is_away(error) or outages.is_transient(error):
        return unavailable().response()
    if outages.is_refusal(error):
        return Problem(CONFLICT).response()
    raise error


async def _gone(_request: Request, _error: Exception) -> Response:
    # Nobody reads it; the request log shows that the body never came.
    return Problem(MALFORMED).response()
