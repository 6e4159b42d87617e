"""A short run of chaos: what `make chaos` does for as long as it is told to."""

from pathlib import Path
from tempfile import mkdtemp

import pytest

from tests.chaos.run import run_chaos
from tests.servers import run_folder

pytestmark = [pytest.mark.timeout(600), pytest.mark.slow, pytest.mark.minutes]


async def test_half_a_minute_of_faults_loses_nothing_and_does_nothing_twice() -> None:
    """Faults 2, N, O, B and L over everything; under this seed PostgreSQL and the API that clerks ask die too."""
    folder = Path(mkdtemp(prefix="chaos-", dir=run_folder()))
    outcome = await run_chaos(folder, seed=4, seconds=30, tell=print)
    assert not outcome.differences
    assert outcome.account.repeated, "the faults were felt"
