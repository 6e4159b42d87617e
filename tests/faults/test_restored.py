"""A database that is lost comes back: from an old dump behind its topics, or from base and log to the last commit."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import mkdtemp

import asyncpg
import pytest

from deploy.local.backup import Backup, restore
from deploy.local.postgres import programs
from tests.faults.clerk import Clerk
from tests.faults.house import House, open_house
from tests.faults.trade import Trade, goes_on
from tests.servers import run_folder

pytestmark = [
    pytest.mark.asyncio(loop_scope="package"),
    pytest.mark.timeout(400),
    pytest.mark.slow,
    pytest.mark.minutes,
]


@pytest.mark.parametrize(
    ("service", "lost"), [("collections", ""), ("credit", "rows-as-told"), ("notifications", "rows-as-told")], ids=str
)
async def test_row_51_an_old_backup_is_led_on_and_the_topics_close_the_gap(
    tmp_path: Path, service: str, lost: str
) -> None:
    """Faults 2.51, P4, N4: days are lost; a new epoch, the topics read again, all agree to the cent; no mail twice.

    Whom people had entered since the backup, as a customer or as a person to write to, is in no topic as a request: the
    checker goes on naming what was told of him.
    """
    async with _new_house() as house:
        trade = Trade(house.dueflow)
        await trade.open()
        await trade.run(days=2)
        await _tool("pg_dump", "--format=custom", f"--file={tmp_path / 'dump'}", _url(house, service))
        sent_before = len(house.caught_mails())
        await trade.run(days=3)
        await house.check()
        assert len(house.caught_mails()) > sent_before
        await _bring_back(house, service, tmp_path / "dump")
        if service == "notifications":
            await _let_go_on(house)
        await trade.run(days=1)
        await house.check(but=lost)
        mails = house.caught_mails()
        assert len(mails) == len(set(mails))
        await trade.kept(house.stack.database_url("ledger"))


async def test_row_51_an_old_backup_of_the_ledger_is_whole_once_it_is_told_again_what_it_lost(tmp_path: Path) -> None:
    """Faults 2.51, P4, L2: days and documents are lost; those that the topic holds are told to nobody twice.

    The audit goes on naming the records that its anchors know and that were written anew.
    """
    async with _new_house() as house:
        trade = Trade(house.dueflow)
        await trade.open()
        await trade.run(days=2)
        await _tool("pg_dump", "--format=custom", f"--file={tmp_path / 'dump'}", _url(house, "ledger"))
        lost_since = trade.day
        await trade.run(days=3)
        await house.check()
        told = (await house.verdict(patience_seconds=0)).events["ledger"]
        await _bring_back(house, "ledger", tmp_path / "dump")
        await trade.say_again(since=lost_since)
        verdict = await house.verdict(patience_seconds=60)
        assert verdict.events["ledger"] == told
        await trade.run(days=1)
        await house.check(but="audit-chained")
        mails = house.caught_mails()
        assert len(mails) == len(set(mails))


@asynccontextmanager
async def _new_house() -> AsyncIterator[House]:
    """Open a house that no other test will find as it was left."""
    folder = Path(mkdtemp(prefix="restored-", dir=run_folder()))
    await asyncio.to_thread(folder.chmod, 0o711)  # PostgreSQL may run as another user than we
    async with open_house(folder) as house:
        yield house


async def _bring_back(house: House, service: str, backup: Path) -> None:
    """Restore a service's database behind its topic, and begin a new epoch where they contradict."""
    api, worker = f"{service}-api", f"{service}-worker"
    await asyncio.gather(*(house.stack.process(each).stop() for each in (api, worker)))
    await _tool("pg_restore", "--clean", "--if-exists", f"--dbname={_url(house, service)}", str(backup))
    for name in (api, worker):
        house.stack.process(name).start()
    await house.until([api], ready=True)
    await house.until([worker], ready=False)
    client = getattr(house.dueflow, service)
    in_conflict = {head["partition_no"] for head in await client.stream_heads() if head["conflict"]}
    begun = await client.begin_epoch()
    assert in_conflict == {each["partition_no"] for each in begun if each["epoch"] == 2} != set()
    await house.until([worker], ready=True)


async def _let_go_on(house: House) -> None:
    notifications = house.dueflow.notifications
    async with asyncio.timeout(10):
        while not (await notifications.sending())["muted_reason"]:
            await asyncio.sleep(0.1)
    await notifications.unmute_sending(reason="the topic tells what was sent")


def _url(house: House, service: str) -> str:
    return house.stack.database_url(service).replace("+asyncpg", "")


async def _tool(name: str, *options: str) -> None:
    finished = await asyncio.to_thread(
        subprocess.run, [str(programs() / name), *options], check=False, capture_output=True, text=True
    )
    assert finished.returncode == 0, finished.stderr


async def test_row_51_a_destroyed_server_comes_back_to_its_last_commit(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Faults 2.51, N4: a base while invoices are issued, kill -9, no data folder; what was acknowledged is there."""
    backup = Backup(tmp_path_factory.mktemp("backup"))
    async with _new_house() as house:
        folder = house.stack.root
        trade = Trade(house.dueflow)
        await trade.open()
        await trade.run(days=1)
        people = await trade.newcomers(10)
        async with Clerk(house.stack.api_url("ledger"), house.stack.api_key) as clerk:
            work = asyncio.create_task(clerk.work(trade, people, per_second=20, seconds=20))
            async with backup.receiving(house.postgres.url, every_commit=True):
                await asyncio.sleep(5)  # the load goes on behind the base
                await asyncio.to_thread(_destroy, house, folder)
            await work
            await restore(backup, folder / "postgres")
            await house.heal()
            kept = await _invoices(house)
            assert {number for number, answer in clerk.answers.items() if answer.status == 201} <= kept
            await clerk.repeat(trade)
        assert "timeline" in (await house.dueflow.notifications.sending())["muted_reason"]
        await house.dueflow.notifications.unmute_sending(reason="the backup holds every commit")
        await goes_on(house, trade)


def _destroy(house: House, folder: Path) -> None:
    house.postgres.kill()
    shutil.rmtree(folder / "postgres")


async def _invoices(house: House) -> set[str]:
    connection = await asyncpg.connect(_url(house, "ledger"))
    try:
        return {row["number"] for row in await connection.fetch("SELECT number FROM invoice")}
    finally:
        await connection.close()
