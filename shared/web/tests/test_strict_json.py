import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.web.strict_json import MAX_DEPTH, MalformedJson, UnstorableValue, parse

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | TEXT
    | st.floats(allow_nan=False).filter(math.isfinite)
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=20
)


@given(value=VALUES, escaped=st.booleans())
def test_every_value_is_read_as_it_was_written(value: object, *, escaped: bool) -> None:
    """P8: strictness loses nothing that two readers agree on."""
    assert parse(json.dumps(value, ensure_ascii=escaped).encode()) == value


@given(
    st.binary(max_size=200)
    | VALUES.map(lambda value: json.dumps(value).encode()).flatmap(
        lambda raw: st.integers(0, max(0, len(raw) - 1)).map(lambda at: raw[:at] + b"\xff" + raw[at:])
    )
)
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    """Faults 3.1, 3.23: whatever arrives, the answer is a value that can be written again, or MalformedJson."""
    try:
        value = parse(raw)
    except MalformedJson:
        return
    assert parse(json.dumps(value).encode()) == value


@given(TEXT, SCALARS, SCALARS)
def test_a_repeated_key_is_refused_however_it_is_spelled(key: str, one: object, other: object) -> None:
    """Faults 3.21: also where one spelling is escaped and the other is not."""
    first, second = json.dumps(key), '"' + "".join(f"\\u{unit:04x}" for unit in _utf16(key)) + '"'
    raw = f"{{{first}: {json.dumps(one)}, {second}: {json.dumps(other)}}}"
    with pytest.raises(MalformedJson, match="twice"):
        parse(raw.encode())


def _utf16(text: str) -> list[int]:
    raw = text.encode("utf-16-be")
    return [int.from_bytes(raw[at : at + 2]) for at in range(0, len(raw), 2)]


@pytest.mark.parametrize(
    ("raw", "pointer"),
    [
        (b'{"a/b":[1,"\\u0000"]}', "/a~1b/1"),
        (b'{"a~":{"b":"\\udfff"}}', "/a~0/b"),
        (b'{"a":{"\\u0000":1}}', "/a"),
        (b"[[9223372036854775808]]", "/0/0"),
        (b'"\\ud800"', ""),
    ],
)
def test_the_value_that_cannot_be_stored_is_pointed_at(raw: bytes, pointer: str) -> None:
    """Faults 3.7, 3.15, 3.16: by JSON pointer, without its content."""
    with pytest.raises(UnstorableValue) as refusal:
        parse(raw)
    assert refusal.value.pointer == pointer


def test_nesting_has_a_limit_at_any_depth() -> None:
    """Faults 3.22: just below passes; just above and far above are refused alike."""
    assert parse(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH) is not None
    for depth in (MAX_DEPTH + 2, 900, 20_000, 100_000):
        with pytest.raises(MalformedJson, match="deep"):
            parse(b"[" * depth + b"]" * depth)
