"""The chain of records: whatever is changed in it or taken from it afterwards is found where it happened (L17)."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shared.hash_chain import Anchor, Breach, Head, Record, Verification, extend, hash_of

Chain = list[tuple[Head, Record]]

VALUES = st.one_of(st.none(), st.integers(), st.text(), st.dates(), st.uuids(), st.datetimes(timezones=st.just(UTC)))


@st.composite
def chains(draw: st.DrawFn, *, least: int = 1) -> Chain:
    """A chain of a few records, sealed in batches of any size."""
    count = draw(st.integers(least, 8))
    records: list[Record] = [{"id": 10 + place, "what": draw(VALUES), "who": draw(st.text())} for place in range(count)]
    cut = draw(st.integers(0, count))
    links = extend(Head(), records[:cut])
    links += extend(links[-1] if links else Head(), records[cut:])
    return list(zip(links, records, strict=True))


def verify(chain: Chain, anchors: Sequence[Anchor] = ()) -> list[Breach]:
    """What a reader of the chain finds."""
    verification = Verification(3, anchors)
    found = [breach for link, record in chain for breach in verification.read(link, record)]
    return [*found, *verification.end()]


def anchor(head: Head) -> Anchor:
    """An anchor of this head."""
    return Anchor(partition_no=3, number=head.number, hash=head.hash, anchored_at="2026-01-01T00:00:00+00:00")


@given(chains())
def test_a_chain_that_nobody_touched_is_whole(chain: Chain) -> None:
    """L17: numbers without a hole, in whatever batches it was sealed, and every head may be an anchor."""
    assert [link.number for link, _ in chain] == list(range(1, len(chain) + 1))
    assert verify(chain, [anchor(link) for link, _ in chain]) == []


@given(chains(), st.data())
def test_an_edit_is_found_at_its_place_and_nowhere_else(chain: Chain, data: st.DataObject) -> None:
    """L17: whichever column of whichever record."""
    place = data.draw(st.integers(0, len(chain) - 1))
    link, record = chain[place]
    name = data.draw(st.sampled_from(["id", "what", "who"]))
    value = data.draw(VALUES)
    assume(str(value) != str(record[name]) or (value is None) != (record[name] is None))
    chain[place] = (link, {**record, name: value})
    assert [breach.number for breach in verify(chain)] == [place + 1]


@given(chains(least=2), st.data())
def test_two_records_that_change_places_are_both_found(chain: Chain, data: st.DataObject) -> None:
    """L17: each under the other's number and hash."""
    one, two = sorted(data.draw(st.sets(st.integers(0, len(chain) - 1), min_size=2, max_size=2)))
    (link_one, record_one), (link_two, record_two) = chain[one], chain[two]
    chain[one], chain[two] = (link_one, record_two), (link_two, record_one)
    assert [(breach.number, breach.record_id) for breach in verify(chain)] == [
        (one + 1, record_two["id"]),
        (two + 1, record_one["id"]),
    ]


@given(chains(least=2), st.data())
def test_a_hole_is_found_wherever_it_is(chain: Chain, data: st.DataObject) -> None:
    """L17: the first records, some in the middle, and the last ones, which only an anchor knows."""
    first = data.draw(st.integers(0, len(chain) - 1))
    last = data.draw(st.integers(first, len(chain) - 1))
    anchors = [anchor(chain[-1][0])]
    left = chain[:first] + chain[last + 1 :]
    [breach] = verify(left, anchors)
    assert (breach.number, breach.record_id) == (first + 1, None)
    assert f"missing up to number {last + 1}" in breach.what
    assert bool(verify(left)) == (last + 1 < len(chain))


@given(chains(), st.data())
def test_a_chain_that_was_written_anew_contradicts_its_anchors(chain: Chain, data: st.DataObject) -> None:
    """L17: whole by itself, from an edited record on to a forged head; every anchor from there on says otherwise."""
    place = data.draw(st.integers(0, len(chain) - 1))
    records = [record for _, record in chain]
    records[place] = {**records[place], "who": f"not {records[place]['who']}"}
    forged = list(zip(extend(Head(), records), records, strict=True))
    assert verify(forged) == []
    found = verify(forged, [anchor(link) for link, _ in chain])
    assert [breach.number for breach in found] == list(range(place + 1, len(chain) + 1))


def test_the_hash_is_of_the_whole_record_in_one_form() -> None:
    """L17: whatever the order of the columns and the zone of an instant; number and predecessor count as well."""
    at = datetime(2026, 1, 1, 8, tzinfo=timezone(timedelta(hours=8)))
    record: dict[str, Any] = {"id": 1, "at": at, "day": date(2026, 1, 1), "of": uuid.UUID(int=7), "who": "王芳"}
    turned = dict(reversed({**record, "at": datetime(2026, 1, 1, tzinfo=UTC)}.items()))
    before = bytes(32)
    assert hash_of(record, number=1, previous=before) == hash_of(turned, number=1, previous=before)
    others = [hash_of(record, number=2, previous=before), hash_of(record, number=1, previous=bytes(31) + b"1")]
    assert hash_of(record, number=1, previous=before) not in others
    # So that no later version hashes otherwise what an earlier one sealed.
    known = "a86a2f3f8ac9686a3bd3690f673a76fa26dac28b7d9762436138f7f42d3e9f72"
    assert hash_of(record, number=1, previous=before).hex() == known


def test_an_anchor_is_read_as_it_was_kept() -> None:
    """L17: and what is no anchor is refused."""
    kept = anchor(Head(5, bytes(range(32))))
    assert Anchor.of(kept.body()) == kept
    assert Anchor.of(kept.body()) != replace(kept, number=6)
    for body in (b"", b"[]", b"{}", b'{"hash": 5}', b'{"hash": "00", "more": 1}'):
        with pytest.raises(ValueError, match=r"."):
            Anchor.of(body)
