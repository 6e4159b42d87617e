"""P4, P14: where a reader goes on is found by number and predecessor, however often and wherever an event lies."""

from datetime import date
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from cli.stream import Numbered, Standing, compare
from shared.clock import MachineClock
from shared.messaging.envelope import Envelope

_DAY = date(2026, 3, 2)


def _event(sequence: int, *, epoch: int = 1) -> Envelope:
    return Envelope(
        event_id=_id(epoch, sequence),
        wire="ledger.invoice-settled.v1",
        source="test",
        subject="test",
        recorded_at=MachineClock().now(),
        business_date=_DAY,
        effective_date=_DAY,
        customer_id=None,
        correlation_id="test",
        causation_id=_id(0, 0),
        actor="test",
        traceparent="test",
        epoch=epoch,
        sequence=sequence,
        previous_id=_id(epoch, sequence - 1) if sequence > 1 else None,
    )


def _id(epoch: int, sequence: int) -> UUID:
    return UUID(int=epoch * 1000 + sequence)


def _standing(sequence: int) -> Standing:
    return Standing("t", 0, 1 if sequence else 0, sequence, 0, _id(1, sequence) if sequence else None, "a hole")


@given(
    sequences=st.lists(st.one_of(st.none(), st.integers(1, 6)), max_size=20),
    applied=st.integers(0, 6),
)
def test_a_reader_goes_on_at_the_first_copy_of_what_comes_next(sequences: list[int | None], applied: int) -> None:
    """Repeats, holes and records that are no events in any order."""
    stream = [Numbered(offset, None if each is None else _event(each)) for offset, each in enumerate(sequences)]
    found = compare(stream, _standing(applied))
    wanted = applied + 1
    assert found.goes_on_at == (sequences.index(wanted) if wanted in sequences else None)
    known = {each for each in sequences if each is not None}
    assert (found.applied, found.waiting) == (sum(n <= applied for n in known), sum(n > applied for n in known))
    assert (found.records, found.strange) == (len(sequences), sequences.count(None))


def test_another_history_is_not_taken_for_what_comes_next() -> None:
    """The number fits and the predecessor does not: a person must look."""
    stranger = _event(3)
    reader = Standing("t", 0, 1, 2, 0, _id(7, 2), "another history")
    assert compare([Numbered(0, stranger)], reader).goes_on_at is None


def test_a_new_epoch_goes_on_at_its_first_number() -> None:
    """After a database was restored its numbers begin anew."""
    stream = [Numbered(0, _event(1)), Numbered(1, _event(2, epoch=2)), Numbered(2, _event(1, epoch=2))]
    found = compare(stream, _standing(1))
    assert (found.goes_on_at, found.gives_up) == (2, 0)


def test_what_waits_before_a_new_epoch_is_given_up_only_knowingly() -> None:
    """P4: 2 is lost, 3 and 4 are there, and then the numbers begin anew: to read on there would lose 3 and 4."""
    stream = [Numbered(n, each) for n, each in enumerate([_event(1), _event(3), _event(4), _event(1, epoch=2)])]
    found = compare(stream, _standing(1))
    assert (found.goes_on_at, found.gives_up) == (3, 2)


def test_what_comes_next_is_taken_before_a_new_epoch_wherever_it_lies() -> None:
    """P4: sent again behind the first of a new epoch, it leads on all the same."""
    found = compare([Numbered(0, _event(1, epoch=2)), Numbered(1, _event(2))], _standing(1))
    assert (found.goes_on_at, found.gives_up) == (1, 0)
