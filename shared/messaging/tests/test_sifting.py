"""Proves P4: repeats are skipped, holes and other histories are seen, however the records are cut."""

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import pairwise
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from shared.ids import derived_id
from shared.messaging.envelope import Envelope, to_headers
from shared.messaging.kafka import Record
from shared.messaging.sifting import Position, Sifted, sift

SEED = UUID("0190b0d6-5a3f-7b50-9a3e-1f6a2f0c9d11")


def record(sequence: int, *, offset: int | None = None, epoch: int = 1, event_id: UUID | None = None) -> Record:
    """Return the record that holds this place in the stream."""
    envelope = Envelope(
        event_id=event_id or _id(sequence),
        wire="ledger.invoice-issued.v1",
        source="dueflow/ledger",
        subject="x",
        recorded_at=datetime(2026, 1, 1, tzinfo=UTC),
        business_date=date(2026, 1, 1),
        effective_date=date(2026, 1, 1),
        customer_id=SEED,
        correlation_id="c",
        causation_id=SEED,
        actor="erp",
        traceparent="00-" + "1" * 32 + "-" + "2" * 16 + "-01",
        epoch=epoch,
        sequence=sequence,
        previous_id=_id(sequence - 1) if sequence > 1 else None,
    )
    return Record("t", 0, sequence - 1 if offset is None else offset, to_headers(envelope), b"{}")


def _id(sequence: int) -> UUID:
    return derived_id(SEED, "event", sequence)


def in_pieces(records: list[Record], cuts: list[int]) -> tuple[list[int], Position]:
    """Sift the records piece by piece, as a consumer would; return the sequences taken and the last position."""
    position, taken = Position(), []
    edges = [0, *sorted(cut % (len(records) + 1) for cut in cuts), len(records)]
    for begin, end in pairwise(edges):
        found = sift(position, records[begin:end])
        taken += [each.envelope.sequence for each in found.incoming]
        position = found.position
    return taken, position


@given(
    length=st.integers(1, 30),
    repeats=st.lists(st.tuples(st.integers(1, 30), st.integers(1, 30))),
    cuts=st.lists(st.integers(0, 99)),
)
def test_each_event_is_taken_once_and_in_order_whatever_is_sent_again(
    length: int, repeats: list[tuple[int, int]], cuts: list[int]
) -> None:
    """P4: a relay that lost its mark sends again from an earlier row; that adds records and never an effect."""
    log = list(range(1, length + 1))
    for upto, back in repeats:
        at = log.index(min(upto, length)) + 1
        log[at:at] = list(range(max(1, log[at - 1] - back), log[at - 1] + 1))
    records = [record(sequence, offset=offset) for offset, sequence in enumerate(log)]
    taken, position = in_pieces(records, cuts)
    assert taken == list(range(1, length + 1))
    assert (position.sequence, position.next_offset) == (length, len(records))


@given(length=st.integers(2, 20), lost=st.integers(1, 19))
def test_a_hole_stops_before_it_and_says_what_is_missing(length: int, lost: int) -> None:
    """P4: nothing after a lost event is applied."""
    lost = min(lost, length - 1)
    found = sift(Position(), [record(each) for each in range(1, length + 1) if each != lost])
    assert [each.envelope.sequence for each in found.incoming] == list(range(1, lost))
    assert found.hole == f"epoch 1: expected sequence {lost}, found {lost + 1}"


def conflict_of(position: Position, given: Record) -> Sifted:
    """Sift one record that must not be applied."""
    found = sift(position, [given])
    assert not found.incoming
    return found


def test_row_15_another_event_in_an_applied_place_is_another_history() -> None:
    """P4, faults 2.15: the same place with another id is never applied."""
    position = sift(Position(), [record(1), record(2)]).position
    found = conflict_of(position, record(2, offset=2, event_id=_id(99)))
    assert found.conflict is not None
    assert "was applied there" in found.conflict


def test_a_wrong_predecessor_is_another_history() -> None:
    """P4: a database that was restored and went on gives numbers again, but not the same predecessors."""
    position = Position(1, 2, 2, _id(77))
    found = conflict_of(position, record(3))
    assert found.conflict is not None
    assert "predecessor" in found.conflict


def test_an_older_epoch_that_goes_on_is_another_history() -> None:
    """P4: after the epoch was raised, the old stream may be read again but not continued."""
    position = Position(2, 5, 9, _id(5))
    assert sift(position, [record(3, offset=4)]).duplicates == 1
    assert conflict_of(position, record(6, offset=9)).conflict


def test_row_18_a_record_without_an_envelope_moves_the_offset_and_never_the_sequence() -> None:
    """P4, faults 2.18: it is quarantined by offset; the stream goes on around it."""
    garbage = Record("t", 0, 1, [("ce_id", b"\xff")], b"\x00")
    found = sift(Position(), [record(1), garbage, record(2, offset=2)])
    assert [each.envelope.sequence for each in found.incoming] == [1, 2]
    assert [each.offset for each, _ in found.unreadable] == [1]


def test_row_15_the_last_event_under_the_next_number_is_not_applied() -> None:
    """Faults 2.15: the same id once more, whatever its body, and however well its predecessor fits."""
    position = Position(epoch=1, sequence=2, next_offset=2, last_event_id=_id(2))
    again = record(3, offset=2, event_id=_id(2))
    found = sift(position, [again, record(3, offset=3)])
    assert (found.incoming, found.position) == ([], position)
    assert "again" in str(found.broken)


def test_row_15_another_body_under_a_known_number_is_not_applied() -> None:
    """Faults 2.15: it is a repeat for its reader; the checker, which has both bodies, says that they differ."""
    position = Position(epoch=1, sequence=2, next_offset=2, last_event_id=_id(2))
    found = sift(position, [replace(record(2, offset=2), body=b'{"another": "body"}'), record(3, offset=3)])
    assert [each.envelope.sequence for each in found.incoming] == [3]
    assert found.duplicates == 1
