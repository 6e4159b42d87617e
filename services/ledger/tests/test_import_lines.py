"""A file is cut into the same lines however its bytes arrive, and what is no text is refused (faults 3.15, 23, 49)."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ledger.domain.import_lines import MAX_LINE_BYTES, Line, LineCutter, NotText


def cut(*pieces: bytes, byte_order_mark: bool = False) -> list[Line]:
    """The lines of a file that arrives in these pieces."""
    cutter = LineCutter(byte_order_mark=byte_order_mark)
    return [line for piece in pieces for line in cutter.feed(piece)] + list(cutter.end())


@given(text=st.text(st.sampled_from('a,é中"\r\n ')), places=st.sets(st.integers(0, 200)))
def test_the_cuts_of_the_network_leave_no_trace(text: str, places: set[int]) -> None:
    """Faults 3.49: a chunk may end within a character or a line break."""
    data = text.encode()
    ends = [0, *sorted(place for place in places if place < len(data)), len(data)]
    assert cut(*(data[start:end] for start, end in pairwise(ends))) == cut(data)


def test_lines_keep_the_numbers_an_editor_shows() -> None:
    """Faults 3.49: the report names the line that a person will look for."""
    assert cut(b"a\r\n\r\n  \nb\nc") == [Line(1, "a"), Line(4, "b"), Line(5, "c")]


def test_a_byte_order_mark_is_dropped_from_the_first_line_only_where_it_is_tolerated() -> None:
    """Faults 3.49: spreadsheets write one; JSON has none (3.23)."""
    assert cut(b"\xef\xbb\xbfa\n", byte_order_mark=True) == [Line(1, "a")]
    assert cut(b"\xef\xbb\xbfa\n") == [Line(1, "\ufeffa")]


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"a\nb\x00c\n", "line 2 holds NUL"),
        ("a\n欠款\n".encode("gbk"), "line 2 is not UTF-8"),
        ("a\n".encode("utf-16"), "line 1 holds NUL"),
        (b"x" * (MAX_LINE_BYTES + 1), "line 1 is longer"),
        (b"a\n" + b"x" * (MAX_LINE_BYTES + 1) + b"\n", "line 2 is longer"),
    ],
)
def test_what_is_no_text_is_refused_with_its_line(data: bytes, complaint: str) -> None:
    """Faults 3.15, 3.23, 3.49: a wrong encoding is named, not guessed."""
    with pytest.raises(NotText, match=complaint):
        cut(data)


def test_a_line_without_end_is_refused_before_it_fills_the_memory() -> None:
    """Faults 3.49: bounded memory."""
    cutter = LineCutter()
    for _ in range(MAX_LINE_BYTES // 65536):
        assert list(cutter.feed(b"x" * 65536)) == []
    with pytest.raises(NotText, match="longer"):
        list(cutter.feed(b"x"))
