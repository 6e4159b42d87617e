import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.observe import trace

VALID = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_a_trace_goes_on_in_a_child() -> None:
    """P10: same trace and flags, a new span, the correlation id of whoever began."""
    parent = trace.parse(VALID, "order-2026-0001")
    assert parent is not None
    child = parent.child()
    assert child.traceparent[:36] == VALID[:36]
    assert child.traceparent[52:] == "-01"
    assert child.traceparent != VALID
    assert child.correlation_id == "order-2026-0001"
    assert trace.parse(child.traceparent) is not None


@pytest.mark.parametrize(
    "header",
    [
        "",
        VALID.upper(),
        VALID[:-1],
        VALID + "-extra",
        "ff" + VALID[2:],
        f"00-{'0' * 32}-b7ad6b7169203331-01",
        f"00-0af7651916cd43dd8448eb211c80319c-{'0' * 16}-01",
        VALID + "\n",
    ],
)
def test_what_is_no_traceparent_begins_a_new_trace(header: str) -> None:
    """P10: W3C Trace Context, section 3.2.2; a bad header is not carried on."""
    assert trace.parse(header) is None
    with trace.use(header) as entered:
        assert trace.parse(entered.traceparent) == entered
        assert trace.known_trace() is entered
    assert trace.known_trace() is None


def test_a_later_version_is_read_by_its_known_part() -> None:
    """P10: forward compatibility, as the recommendation asks."""
    later = trace.parse("01" + VALID[2:] + "-more")
    assert later is not None
    assert later.traceparent == VALID


@given(st.text(max_size=200))
def test_a_correlation_id_is_safe_to_log_or_replaced(text: str) -> None:
    """Faults 4.20: what a caller calls its work cannot break a header or a line."""
    found = trace.parse(VALID, text)
    assert found is not None
    assert found.correlation_id in {text, found.trace_id}
    assert found.correlation_id.isascii()
    assert found.correlation_id.replace("-", "").replace("_", "").isalnum()
