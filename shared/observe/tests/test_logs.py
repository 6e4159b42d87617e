import json
import logging
from collections.abc import Iterator
from io import StringIO

import pytest
import structlog

from shared.observe import trace
from shared.observe.logs import configure_logs


@pytest.fixture
def output() -> Iterator[StringIO]:
    """What a service writes; its configuration is undone afterwards."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    written = StringIO()
    configure_logs("INFO", output=written)
    yield written
    structlog.reset_defaults()
    root.handlers[:], level = before
    root.setLevel(level)


def lines(output: StringIO) -> list[dict[str, object]]:
    """What was written, line by line."""
    return [json.loads(line) for line in output.getvalue().splitlines()]


def test_a_line_is_json_with_its_ids(output: StringIO) -> None:
    """P10, faults 4.20: hostile text stays inside its line; trace and request are named."""
    with trace.use(trace.start()) as current, trace.use_request("request-1"):
        structlog.get_logger("a").info("case_opened", stage="one\ntwo\u2028three")
    (line,) = lines(output)
    assert (line["event"], line["stage"], line["level"]) == ("case_opened", "one\ntwo\u2028three", "info")
    assert (line["request_id"], line["trace_id"]) == ("request-1", current.trace_id)
    assert line["correlation_id"] == current.correlation_id
    assert str(line["at"]).endswith("Z")


@pytest.mark.parametrize("library", [False, True])
def test_a_fault_shows_where_and_never_what(output: StringIO, *, library: bool) -> None:
    """P10, faults 4.20: an exception's message may quote a customer, so the log has its type and its frames."""
    log = logging.getLogger("some.library") if library else structlog.get_logger("a")
    try:
        dict[str, str]()["Zhang Wei, DE89370400440532013000"]
    except LookupError:
        log.exception("failed")
    (line,) = lines(output)
    assert (line["event"], line["fault"]) == ("failed", "KeyError")
    assert "test_a_fault_shows_where" in str(line["where"])
    assert "Zhang" not in json.dumps(line)


def test_debug_is_left_out_and_libraries_are_json_too(output: StringIO) -> None:
    """P10: one format, one threshold."""
    structlog.get_logger("a").debug("detail")
    logging.getLogger("some.library").debug("detail")
    logging.getLogger("some.library").warning("slow by %s", "2 s")
    (line,) = lines(output)
    assert (line["event"], line["logger"]) == ("slow by 2 s", "some.library")
