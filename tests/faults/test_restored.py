"""A backup of yesterday comes back into one service while the others and the topics went on."""

import asyncio
import subprocess
from pathlib import Path

import pytest

from deploy.local.postgres import programs
from tests.faults.house import House
from tests.faults.trade import Trade

pytestmark = [
    pytest.mark.asyncio(loop_scope="package"),
    pytest.mark.timeout(400),
    pytest.mark.slow,
    pytest.mark.minutes,
]


@pytest.mark.parametrize("service", ["collections", "credit"])
async def test_row_51_an_old_backup_is_led_on_and_the_topics_close_the_gap(
    house: House, trade: Trade, tmp_path: Path, service: str
) -> None:
    """Faults 2.51, P4: days are lost; a new epoch, the topics read again, and all services agree to the cent."""
    await trade.run(days=2)
    await house.check()
    await _tool("pg_dump", "--format=custom", f"--file={tmp_path / 'dump'}", _url(house, service))
    await trade.run(days=2)
    await house.check()
    api, worker = f"{service}-api", f"{service}-worker"
    await asyncio.gather(*(house.stack.process(each).stop() for each in (api, worker)))
    await _tool("pg_restore", "--clean", "--if-exists", f"--dbname={_url(house, service)}", str(tmp_path / "dump"))
    for name in (api, worker):
        house.stack.process(name).start()
    await house.until([api], ready=True)
    await house.until([worker], ready=False)
    client = getattr(house.dueflow, service)
    in_conflict = {head["partition_no"] for head in await client.stream_heads() if head["conflict"]}
    begun = await client.begin_epoch()
    assert in_conflict == {each["partition_no"] for each in begun if each["epoch"] == 2} != set()
    await house.until([worker], ready=True)
    await trade.run(days=1)
    await house.check()
    await trade.kept(house.stack.database_url("ledger"))


def _url(house: House, service: str) -> str:
    return house.stack.database_url(service).replace("+asyncpg", "")


async def _tool(name: str, *options: str) -> None:
    finished = await asyncio.to_thread(
        subprocess.run, [str(programs() / name), *options], check=False, capture_output=True, text=True
    )
    assert finished.returncode == 0, finished.stderr
