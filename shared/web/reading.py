"""The checks on what a request says about itself and on its bytes, each a row of the fault list."""

import re
from asyncio import get_running_loop, timeout_at
from collections.abc import Collection
from email.message import Message as Header
from urllib.parse import unquote_to_bytes

from starlette.requests import Request
from starlette.types import Message, Receive

from shared.web import strict_json
from shared.web.problem_types import INVALID, MALFORMED, NOT_ACCEPTABLE, TOO_LARGE, UNSUPPORTED_MEDIA_TYPE
from shared.web.problems import MAX_ERRORS, Problem

BODY_SECONDS = 30
SLOWEST_BYTES_PER_SECOND = 64 * 1024

_BROKEN_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


def bounded(request: Request, *, max_bytes: int) -> Receive:
    """Return the request's `receive`, limited in bytes, and in time to 30 s and what a slow line needs.

    The rest of a body that is too large is discarded by uvicorn as it comes, so that the client gets to read its 413.
    """
    declared = int(request.headers.get("content-length", "0"))
    deadline = get_running_loop().time() + BODY_SECONDS
    received, complete = 0, False

    async def receive() -> Message:
        nonlocal received, complete
        if declared > max_bytes:
            raise _too_large(max_bytes)
        try:
            async with timeout_at(None if complete else deadline + received / SLOWEST_BYTES_PER_SECOND):
                message = await request.receive()
        except TimeoutError:
            raise Problem(MALFORMED, "The body came too slowly.", headers={"Connection": "close"}) from None
        received += len(message.get("body", b""))
        complete = not message.get("more_body", False)
        if received > max_bytes:
            raise _too_large(max_bytes)
        return message

    return receive


def check_accept(request: Request, *, produced: Collection[str]) -> None:
    """Raise 406 unless the header Accept, where there is one, allows one of the media types `produced` (row 33)."""
    accept = request.headers.get("accept", "*/*")
    ranges = {part.partition(";")[0].strip().lower() for part in accept.split(",")}
    families = {each.partition("/")[0] + "/*" for each in produced}
    if not ranges & {*produced, *families, "*/*"}:
        raise Problem(NOT_ACCEPTABLE, f"The answer is {' or '.join(sorted(produced))}.")


def check_query(request: Request, *, known: Collection[str]) -> None:
    """Raise 422 for a parameter that is unknown, repeated (but for a list, `name[]`), or no text (rows 28, 29, 31)."""
    raw = bytes(request.scope["query_string"])
    if not _is_text(raw):
        raise Problem(INVALID, "The query holds NUL or is not percent-encoded UTF-8.")
    names = [name for name, _ in request.query_params.multi_items()]
    # A name that is not known is the caller's input, so it is counted and not repeated.
    errors = [{"pointer": "", "detail": "Unknown query parameter"} for name in names if name not in known]
    errors += [
        {"pointer": f"/{name}", "detail": "Query parameter given more than once"}
        for name in sorted(known)
        if names.count(name) > 1 and not name.endswith("[]")
    ]
    if errors:
        raise Problem(INVALID, errors=errors[:MAX_ERRORS])


def _is_text(raw: bytes) -> bool:
    decoded = unquote_to_bytes(raw.replace(b"+", b" "))
    try:
        decoded.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return b"\x00" not in decoded and _BROKEN_PERCENT.search(raw.decode("latin-1")) is None


def check_media_type(request: Request, *, accepted: Collection[str]) -> None:
    """Raise 415 unless the body is uncompressed, of a type the route documents, and UTF-8 (rows 25, 26)."""
    header = Header()
    header["content-type"] = request.headers.get("content-type", "")
    charset = str(header.get_param("charset", "utf-8")).lower()
    encoding = request.headers.get("content-encoding", "identity").lower()
    if header["content-type"] == "" or header.get_content_type() not in accepted:
        raise Problem(UNSUPPORTED_MEDIA_TYPE, f"Send {' or '.join(sorted(accepted))}.")
    if encoding != "identity" or charset not in {"utf-8", "utf8"}:
        raise Problem(UNSUPPORTED_MEDIA_TYPE, "Send UTF-8, uncompressed.")


async def check_json(request: Request) -> None:
    """Raise 415, 400 or 422 unless the body is strict JSON; an empty one is left to the model (row 24)."""
    body = await request.body()
    if not body:
        return
    check_media_type(request, accepted=("application/json",))
    try:
        strict_json.parse(body)
    except strict_json.UnstorableValue as error:
        raise Problem(INVALID, errors=[{"pointer": error.pointer, "detail": str(error)}]) from None
    except strict_json.MalformedJson as error:
        raise Problem(MALFORMED, f"{error}.") from None


def _too_large(max_bytes: int) -> Problem:
    return Problem(TOO_LARGE, f"At most {max_bytes} bytes.")
