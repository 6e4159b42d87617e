"""Faults 2.52: minutes of steady work leave every process as large as it was after its first ones."""

import asyncio
import os
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median

import pytest

from tests.faults.house import APIS, WORKERS, House
from tests.faults.trade import Trade

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(7200), pytest.mark.minutes]

_SOAK_MINUTES = float(os.environ.get("DUEFLOW_TEST_SOAK_MINUTES", "4"))
_WARM_MINUTES = 1.5
_SAMPLE_SECONDS = 2
# A leak of a kilobyte an event would be ten times this in the shortest run; the rest is the allocator's own unrest.
_MOST_GROWTH = 0.05
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


async def test_row_52_memory_is_flat_under_steady_events(house: House, trade: Trade) -> None:
    """Faults 2.52: of the samples after the warm-up, the last third is no larger than the first, but for a little."""
    names = (*APIS, *WORKERS)
    pids = house.pids(names)
    await _work(trade, minutes=_WARM_MINUTES)
    samples: list[Mapping[str, int]] = []
    sampling = asyncio.create_task(_sample(house, names, samples))
    await _work(trade, minutes=_SOAK_MINUTES)
    sampling.cancel()
    assert house.pids(names) == pids
    third = len(samples) // 3
    grown = {
        name: median(each[name] for each in samples[-third:]) / median(each[name] for each in samples[:third]) - 1
        for name in names
    }
    assert third > 5
    assert {name: f"{share:.1%}" for name, share in grown.items() if share > _MOST_GROWTH} == {}
    await house.check()


async def _work(trade: Trade, *, minutes: float) -> None:
    until = time.monotonic() + 60 * minutes
    while time.monotonic() < until:
        await trade.run(days=1, customers=20)


async def _sample(house: House, names: tuple[str, ...], samples: list[Mapping[str, int]]) -> None:
    while True:
        samples.append({name: _resident_bytes(house.stack.process(name).pid) for name in names})
        await asyncio.sleep(_SAMPLE_SECONDS)


def _resident_bytes(pid: int | None) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES
