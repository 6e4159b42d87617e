"""The kinds of refusal that every service knows: each with its meaning and what its reader should do."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final


@dataclass(frozen=True, slots=True)
class ProblemType:
    """A kind of refusal; its `slug` ends the relative URI `/problems/<slug>` under which it is documented."""

    slug: str
    status: int
    title: str
    meaning: str

    @property
    def uri(self) -> str:
        """Return the relative URI of the type."""
        return f"/problems/{self.slug}"


def _kind(slug: str, status: HTTPStatus, title: str, meaning: str) -> ProblemType:
    return ProblemType(slug=slug, status=int(status), title=title, meaning=meaning)


MALFORMED = _kind(
    "malformed-request",
    HTTPStatus.BAD_REQUEST,
    "The request could not be read",
    "The body is not strict JSON (RFC 8259, UTF-8, no repeated keys, no NaN), or the HTTP itself is broken.",
)
KEY_REQUIRED = _kind(
    "idempotency-key-required",
    HTTPStatus.BAD_REQUEST,
    "An Idempotency-Key is required",
    "Send the header Idempotency-Key: 8 to 128 letters, digits, - or _, new for each new intent.",
)
CURSOR_INVALID = _kind(
    "cursor-invalid",
    HTTPStatus.BAD_REQUEST,
    "The cursor does not belong to this listing",
    "Use next_cursor as it was given, with the same path, filters and key; or start without a cursor.",
)
UNAUTHENTICATED = _kind(
    "unauthenticated",
    HTTPStatus.UNAUTHORIZED,
    "A valid API key is required",
    "Send the header Authorization: Bearer <key>.",
)
FORBIDDEN = _kind(
    "forbidden",
    HTTPStatus.FORBIDDEN,
    "This key may not do that",
    "The key is valid but lacks the scope that the operation needs.",
)
NOT_FOUND = _kind("not-found", HTTPStatus.NOT_FOUND, "There is nothing here", "No such path, or no such record.")
METHOD_NOT_ALLOWED = _kind(
    "method-not-allowed",
    HTTPStatus.METHOD_NOT_ALLOWED,
    "This method is not offered here",
    "The header Allow names the methods that are. Books are append-only: correct by a reversal.",
)
NOT_ACCEPTABLE = _kind(
    "not-acceptable",
    HTTPStatus.NOT_ACCEPTABLE,
    "The answer has another format",
    "The header Accept must allow the media type that the operation answers with.",
)
CONFLICT = _kind(
    "conflict",
    HTTPStatus.CONFLICT,
    "This contradicts what is recorded",
    "The record was changed meanwhile, or another one already stands in its place. Read again, then decide.",
)
PRECONDITION_FAILED = _kind(
    "precondition-failed",
    HTTPStatus.PRECONDITION_FAILED,
    "The record has changed",
    "If-Match names an older version. Read the record again and repeat the change on what you see.",
)
TOO_LARGE = _kind(
    "content-too-large",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "The body is too large",
    "The operation's documentation names its limit; use the import for more.",
)
URI_TOO_LONG = _kind(
    "uri-too-long",
    HTTPStatus.REQUEST_URI_TOO_LONG,
    "The address is too long",
    "Path and query together may have 8 KiB.",
)
UNSUPPORTED_MEDIA_TYPE = _kind(
    "unsupported-media-type",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "The body has another format",
    "Send the media type the operation names (application/json unless it says otherwise), uncompressed.",
)
INVALID = _kind(
    "invalid",
    HTTPStatus.UNPROCESSABLE_ENTITY,
    "The request breaks a rule",
    "Each entry of errors names a place by JSON pointer and the rule that it breaks.",
)
KEY_REUSED = _kind(
    "idempotency-key-reused",
    HTTPStatus.UNPROCESSABLE_ENTITY,
    "The Idempotency-Key was used for another request",
    "A key belongs to one intent for ever. Send a new key with a new body.",
)
PRECONDITION_REQUIRED = _kind(
    "precondition-required",
    HTTPStatus.PRECONDITION_REQUIRED,
    "If-Match is required",
    "Send If-Match with the ETag that you read, so that nobody's change is lost.",
)
TOO_MANY_REQUESTS = _kind(
    "too-many-requests",
    HTTPStatus.TOO_MANY_REQUESTS,
    "Too many requests",
    "The key has spent its rate. Retry-After says when there is more.",
)
HEADERS_TOO_LARGE = _kind(
    "headers-too-large",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    "The headers are too large",
    "There may be 100 headers, of 16 KiB together.",
)
INTERNAL = _kind(
    "internal",
    HTTPStatus.INTERNAL_SERVER_ERROR,
    "Something went wrong here",
    "The fault is ours; request_id finds it in our log.",
)
UNAVAILABLE = _kind(
    "unavailable",
    HTTPStatus.SERVICE_UNAVAILABLE,
    "Please try again shortly",
    "The database is away or busy. Repeat after Retry-After with the same Idempotency-Key: nothing is done twice.",
)

COMMON: Final = (
    MALFORMED,
    KEY_REQUIRED,
    CURSOR_INVALID,
    UNAUTHENTICATED,
    FORBIDDEN,
    NOT_FOUND,
    METHOD_NOT_ALLOWED,
    NOT_ACCEPTABLE,
    CONFLICT,
    PRECONDITION_FAILED,
    TOO_LARGE,
    URI_TOO_LONG,
    UNSUPPORTED_MEDIA_TYPE,
    INVALID,
    KEY_REUSED,
    PRECONDITION_REQUIRED,
    TOO_MANY_REQUESTS,
    HEADERS_TOO_LARGE,
    INTERNAL,
    UNAVAILABLE,
)
