"""The outermost layer of a service: gives each request its id, trace, log line and figures, and a fault its 500."""

import time
from collections.abc import Iterable

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.ids import new_id
from shared.observe import logs, metrics, trace
from shared.web.problem_types import HEADERS_TOO_LARGE, INTERNAL, MALFORMED, URI_TOO_LONG
from shared.web.problems import Problem

MAX_HEADER_BYTES = 16 * 1024
MAX_HEADERS = 100
MAX_TARGET_BYTES = 8 * 1024

_QUIET = frozenset({"/livez", "/readyz", "/metrics"})
_ALWAYS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

log = structlog.get_logger(__name__)


class Edge:
    """Plain ASGI, so that what is bound here is seen by the route, and a caller that goes away cancels nothing half."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        correlation_id = headers.get("x-correlation-id", "")
        came_with = trace.parse(headers.get("traceparent", ""), correlation_id)
        begun = came_with.child() if came_with else trace.start(correlation_id)
        with trace.use(begun) as current, trace.use_request(str(new_id())):
            await _Exchange(scope, current).run(self._app, receive, send)


class _Exchange:
    def __init__(self, scope: Scope, current: trace.Trace) -> None:
        self._scope = scope
        self._trace = current
        self._status = 0
        self._started_at = time.perf_counter()

    async def run(self, app: ASGIApp, receive: Receive, send: Send) -> None:
        async def annotated(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._status = message["status"]
                self._annotate(MutableHeaders(scope=message))
            await send(message)

        try:
            if (refusal := _refused_head(self._scope)) is not None:
                await refusal.response()(self._scope, receive, annotated)
            else:
                await app(self._scope, receive, annotated)
        except Exception as fault:
            metrics.UNHANDLED.inc()
            log.error("request_failed", fault=type(fault).__qualname__, where=logs.where(fault))  # noqa: TRY400 - a message may quote the caller
            if self._status:
                raise
            await Problem(INTERNAL).response()(self._scope, receive, annotated)
        finally:
            self._record()

    def _annotate(self, headers: MutableHeaders) -> None:
        headers["X-Request-Id"] = trace.current_request_id()
        headers["traceparent"] = self._trace.traceparent
        for name, value in _ALWAYS.items():
            headers.setdefault(name, value)

    def _record(self) -> None:
        seconds = time.perf_counter() - self._started_at
        route = getattr(self._scope.get("route"), "path", "unmatched")
        method = self._scope["method"] if route != "unmatched" else "any"
        metrics.HTTP_SECONDS.labels(method, route, str(self._status)).observe(seconds)
        caller = self._scope.get("state", {}).get("caller")
        (log.debug if route in _QUIET else log.info)(
            "request",
            method=method,
            route=route,
            status=self._status,
            milliseconds=round(seconds * 1000, 1),
            caller=caller.name if caller else None,
        )


def _refused_head(scope: Scope) -> Problem | None:
    """Return the refusal of a request line or headers above the limits (row 34), or of two lengths (row 36)."""
    close = {"Connection": "close"}
    if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > MAX_TARGET_BYTES:
        return Problem(URI_TOO_LONG, headers=close)
    headers: Iterable[tuple[bytes, bytes]] = scope["headers"]
    sizes = [len(name) + len(value) for name, value in headers]
    if len(sizes) > MAX_HEADERS or sum(sizes) > MAX_HEADER_BYTES:
        return Problem(HEADERS_TOO_LARGE, headers=close)
    if {b"content-length", b"transfer-encoding"} <= {name for name, _ in headers}:
        return Problem(MALFORMED, "Both Content-Length and Transfer-Encoding.", headers=close)
    return None
