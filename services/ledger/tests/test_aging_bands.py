"""The bands of aging partition the days past due, whatever policy defines them (L9)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ledger.domain.aging import BY_DUE_DATE, AgedSum, Band, Bands

policies = st.sets(st.integers(2, 400), max_size=8).map(lambda later: Bands.starting_at(1, *sorted(later)))


def holds(band: Band, days: int) -> bool:
    """Whether these days past due lie in the band."""
    return (band.first_day is None or band.first_day <= days) and (band.end_day is None or days < band.end_day)


@given(bands=policies, days=st.integers(-1000, 1000))
def test_every_day_lies_in_exactly_one_band(bands: Bands, days: int) -> None:
    """L9: buckets cannot overlap and leave nothing out."""
    assert [holds(band, days) for band in bands.definition()].count(True) == 1


@given(bands=policies, days=st.integers(-1000, 0))
def test_a_debt_on_its_due_date_or_before_it_is_not_due(bands: Bands, days: int) -> None:
    """Facts 3.2: day 0 is the due date and not overdue."""
    assert holds(bands.definition()[0], days)


def test_the_default_is_the_business_s() -> None:
    """L9: not due, 1-30, 31-60, 61-90, 91 and more."""
    assert BY_DUE_DATE.definition() == [
        Band("not_due", None, 1),
        Band("d1_30", 1, 31),
        Band("d31_60", 31, 61),
        Band("d61_90", 61, 91),
        Band("d91_plus", 91, None),
    ]


@pytest.mark.parametrize("starts", [(), (0, 31), (2, 31), (1, 31, 31), (1, 61, 31)])
def test_bands_that_would_overlap_or_leave_a_gap_cannot_be_made(starts: tuple[int, ...]) -> None:
    """L9: half-open by construction."""
    with pytest.raises(ValueError, match="rising"):
        Bands.starting_at(*starts)


def test_a_sum_tells_open_overdue_and_net_apart() -> None:
    """L9: unapplied credit stands beside the bands, never in them."""
    aged = AgedSum(
        entity="acme",
        customer_id=None,
        currency="CNY",
        open_minor=(100, 20, 0, 3, 4),
        unapplied_minor=50,
        open_invoices=5,
        overdue_invoices=3,
    )
    assert (aged.total_minor, aged.overdue_minor, aged.net_minor) == (127, 27, 77)
