"""Carries the W3C trace and the correlation id of what is being worked on, from request through Kafka to mail."""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_CORRELATION = re.compile(r"[A-Za-z0-9_-]{8,128}")


@dataclass(frozen=True, slots=True)
class Trace:
    """Where a piece of work stands: its span in a trace, and the id that its initiator knows it by."""

    traceparent: str
    correlation_id: str

    @property
    def trace_id(self) -> str:
        """Return the id that all spans of the trace share, 32 hex digits."""
        return self.traceparent[3:35]

    def child(self) -> "Trace":
        """Return the next span of the same trace, with the same flags."""
        return Trace(f"{self.traceparent[:36]}{_span_id()}{self.traceparent[52:55]}", self.correlation_id)


_current: ContextVar[Trace | None] = ContextVar("trace", default=None)
_request_id: ContextVar[str] = ContextVar("request_id", default="")


def start(correlation_id: str = "") -> Trace:
    """Return the first span of a new, sampled trace; without a valid correlation id, the trace's is it."""
    trace_id = secrets.token_hex(16)
    known = correlation_id if _CORRELATION.fullmatch(correlation_id) else trace_id
    return Trace(f"00-{trace_id}-{_span_id()}-01", known)


def parse(traceparent: str, correlation_id: str = "") -> Trace | None:
    """Return the trace a header names, or None where it is not valid by W3C Trace Context, section 3.2.2."""
    found = _TRACEPARENT.fullmatch(traceparent)
    if found is None:
        return None
    version, trace_id, span_id, flags, rest = found.groups()
    if version == "ff" or (version == "00" and rest) or not int(trace_id, 16) or not int(span_id, 16):
        return None
    known = correlation_id if _CORRELATION.fullmatch(correlation_id) else trace_id
    return Trace(f"00-{trace_id}-{span_id}-{flags}", known)


def known_trace() -> Trace | None:
    """Return the trace of the work at hand, if somebody began one."""
    return _current.get()


def current_trace() -> Trace:
    """Return the trace of the work at hand, or a new one where nobody began one."""
    return _current.get() or start()


def current_request_id() -> str:
    """Return the id by which the caller can ask about this request; empty outside of one."""
    return _request_id.get()


@contextmanager
def use(trace: Trace | str, correlation_id: str = "") -> Iterator[Trace]:
    """Work under a trace or the traceparent of a record; under a new one where that is not valid."""
    entered = trace if isinstance(trace, Trace) else parse(trace, correlation_id) or start()
    token = _current.set(entered)
    try:
        yield entered
    finally:
        _current.reset(token)


@contextmanager
def use_request(request_id: str) -> Iterator[None]:
    """Answer one request, whose id every log line and problem carries."""
    token = _request_id.set(request_id)
    try:
        yield
    finally:
        _request_id.reset(token)


def _span_id() -> str:
    return secrets.token_hex(8)
