"""The schedule is drawn from the seed alone, hits everybody, and gives back all that it takes."""

from collections import defaultdict
from itertools import pairwise
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from tests.chaos.schedule import Fault, Kind, draw_schedule

_SEEDS = st.integers()
_SECONDS = st.floats(min_value=0, max_value=1800)


@given(seed=_SEEDS, seconds=_SECONDS)
def test_the_same_seed_gives_the_same_schedule(seed: int, seconds: float) -> None:
    """Faults 2, harness: what was found can be looked at again."""
    assert draw_schedule(seed, seconds=seconds) == draw_schedule(seed, seconds=seconds)


@given(seed=_SEEDS, seconds=_SECONDS)
def test_faults_come_in_order_and_end_in_time(seed: int, seconds: float) -> None:
    """Faults 2, harness: after the last fault nothing is away."""
    schedule = draw_schedule(seed, seconds=seconds)
    assert sorted(schedule, key=lambda fault: fault.at_seconds) == list(schedule)
    assert all(fault.ends_seconds <= seconds for fault in schedule)


@given(seed=_SEEDS, seconds=_SECONDS)
def test_no_victim_has_two_faults_at_once(seed: int, seconds: float) -> None:
    """Faults 2, harness: the end of one must not undo another."""
    by_victim: defaultdict[str, list[Fault]] = defaultdict(list)
    for fault in draw_schedule(seed, seconds=seconds):
        by_victim[fault.victim].append(fault)
    for faults in by_victim.values():
        assert all(one.ends_seconds <= next_one.at_seconds for one, next_one in pairwise(faults))


def test_another_seed_gives_another_schedule_and_a_long_one_has_everything() -> None:
    """Faults 2, harness: processes, second workers, servers and the wires to them, in every way."""
    long, other = (draw_schedule(seed, seconds=3600) for seed in (1, 2))
    assert long != other
    assert {fault.kind for fault in long} == set(get_args(Kind))
    assert {"kafka", "postgres", "wire to mail", "ledger-api", "credit-worker-2"} <= {each.victim for each in long}
    assert all(fault.place for fault in long if fault.kind in ("crash armed", "cut"))
