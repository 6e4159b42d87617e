"""A full disk below PostgreSQL or Kafka: told, nothing half done, and all goes on once there is room again."""

import asyncio
import errno
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import pytest
import pytest_asyncio

from deploy.local.ports import answers
from tests.faults.clerk import Clerk
from tests.faults.house import APIS, WORKERS, House, open_house
from tests.faults.trade import Trade, goes_on
from tests.servers import run_folder

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(400),
    pytest.mark.slow,
    pytest.mark.minutes,
    pytest.mark.skipif(os.geteuid() != 0, reason="a small disk of its own is mounted, which takes root"),
]
_DISK_MB = 320
_LOOKED_AT_SECONDS = 3
_FILLER = "filler"
_SERVERS = ("postgres", "kafka")


@contextmanager
def _small_disk(folder: Path) -> Iterator[None]:
    folder.mkdir(mode=0o711)
    options = f"size={_DISK_MB}m,mode=711"
    if subprocess.run([_program("mount"), "-t", "tmpfs", "-o", options, "tmpfs", folder], check=False).returncode:
        pytest.skip("this machine lets nobody mount")
    try:
        yield
    finally:
        subprocess.run([_program("umount"), "--lazy", folder], check=True)


def _program(name: str) -> str:
    return shutil.which(name) or pytest.skip(f"this machine has no {name}")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cramped() -> AsyncIterator[tuple[House, Trade]]:
    """A house whose two servers have a small disk each."""
    folder = Path(mkdtemp(prefix="disks-", dir=run_folder()))
    await asyncio.to_thread(folder.chmod, 0o711)  # PostgreSQL may run as another user than we
    with _small_disk(folder / "postgres"), _small_disk(folder / "kafka"):
        async with open_house(folder) as house:
            trade = Trade(house.dueflow)
            await trade.open()
            yield house, trade


def _fill(disk: Path) -> None:
    with (disk / _FILLER).open("wb", buffering=0) as filler:
        try:
            while filler.write(bytes(4096)):
                pass
        except OSError as error:
            assert error.errno == errno.ENOSPC  # noqa: PT017 - to be full is the purpose


@pytest.mark.parametrize("server", _SERVERS)
async def test_rows_32_and_33_a_full_disk_is_survived(cramped: tuple[House, Trade], server: str) -> None:
    """Faults 2.32, 2.33: 503 or accepted, never a false yes; with room again all goes on by itself, once."""
    house, trade = cramped
    disk = house.stack.root / server
    await trade.run(days=1)
    people = await trade.newcomers(10)
    async with Clerk(house.stack.api_url("ledger"), house.stack.api_key) as clerk:
        _fill(disk)
        await clerk.work(trade, people, per_second=20, seconds=15)
        statuses = {answer.status for answer in clerk.answers.values()}
        away = not answers(house.kafka.port_behind)
        (disk / _FILLER).unlink()
        await asyncio.sleep(_LOOKED_AT_SECONDS)
        await house.until((*APIS, *WORKERS), ready=True, seconds=120)
        await clerk.repeat(trade)
    assert statuses <= {201, 503}
    assert away if server == "kafka" else 503 in statuses, "the disk was full"
    await goes_on(house, trade)
