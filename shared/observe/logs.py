"""JSON lines on standard output: what happened, in which trace and request, and nothing personal."""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

from shared.observe import trace

Event = MutableMapping[str, Any]


def configure_logs(level: str = "INFO", *, output: TextIO = sys.stdout) -> None:
    """Send structlog and the standard library's loggers to `output`, one JSON object per line."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        _add_ids,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        _faults_without_values,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(output),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(output)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)


def where(fault: BaseException) -> list[str]:
    """Return the frames of a fault, innermost last, without its message: that may quote what a customer sent."""
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(fault.__traceback__)]


def _add_ids(_logger: object, _method: str, event: Event) -> Event:
    if request_id := trace.current_request_id():
        event["request_id"] = request_id
    if (current := trace.known_trace()) is not None:
        event["trace_id"] = current.trace_id
        event["correlation_id"] = current.correlation_id
    return event


def _faults_without_values(_logger: object, _method: str, event: Event) -> Event:
    info = event.pop("exc_info", None)
    fault = sys.exc_info()[1] if info is True else info[1] if isinstance(info, tuple) else info
    if isinstance(fault, BaseException):
        event["fault"] = type(fault).__qualname__
        event["where"] = where(fault)
    return event
