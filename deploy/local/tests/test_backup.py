"""A base and the log behind it bring a destroyed server back to its last commit."""

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from deploy.local.backup import SLOT, Backup, BackupFailed, restore
from deploy.local.postgres import EmbeddedPostgres
from tests.servers import run_folder


@pytest.fixture
def parent() -> Path:
    """A folder for PostgreSQL: as root it runs as somebody else, who may not enter pytest's own folders."""
    folder = Path(tempfile.mkdtemp(dir=run_folder()))
    folder.chmod(0o711)
    return folder


async def test_row_51_every_acknowledged_commit_is_there_after_the_server_and_its_data_are_gone(parent: Path) -> None:
    """Faults 2.51: commits before, while and after the base is taken; kill -9, and the data folder removed."""
    server = EmbeddedPostgres(parent / "postgres")
    server.start()
    backup = Backup(parent / "backup")
    await _execute(server.url, "CREATE TABLE proof (n bigint PRIMARY KEY)")
    counting = _Counting(server.url)
    counter = asyncio.create_task(counting.count())
    async with backup.receiving(server.url, every_commit=True):
        taken_at = counting.acknowledged
        await counting.until(taken_at + 200)
        server.kill()
        await counter
        shutil.rmtree(parent / "postgres")
    await restore(backup, parent / "postgres")
    again = EmbeddedPostgres(parent / "postgres")
    again.start()
    try:
        assert await _value(again.url, "SELECT count(*) FROM proof") >= counting.acknowledged
        assert await _value(again.url, "SELECT timeline_id FROM pg_control_checkpoint()") == 2
        assert await _value(again.url, "SHOW restore_command") == ""
        await _execute(again.url, "INSERT INTO proof VALUES (-1)")
    finally:
        again.stop()
    with pytest.raises(BackupFailed, match="move it away"):
        await restore(backup, parent / "postgres")


async def test_an_ended_backup_keeps_nothing_on_the_server_and_is_not_gone_on_with(parent: Path) -> None:
    """A slot that nobody reads would fill the server's disk; a gap in the log must not look like a backup."""
    server = EmbeddedPostgres(parent / "postgres")
    server.start()
    backup = Backup(parent / "backup")
    try:
        async with backup.receiving(server.url, every_commit=True):
            assert await _value(server.url, "SELECT slot_name FROM pg_replication_slots") == SLOT
        assert await _value(server.url, "SELECT count(*) FROM pg_replication_slots") == 0
        assert await _value(server.url, "SHOW synchronous_standby_names") == ""
        with pytest.raises(BackupFailed, match="folder of its own"):
            async with backup.receiving(server.url, every_commit=False):
                pass
    finally:
        server.stop()


async def test_a_base_that_was_touched_is_not_restored(parent: Path) -> None:
    """Every file is compared with the manifest before anything is made of it."""
    server = EmbeddedPostgres(parent / "postgres")
    server.start()
    backup = Backup(parent / "backup")
    async with backup.receiving(server.url, every_commit=False):
        pass
    server.stop()
    with (backup.base / "PG_VERSION").open("a") as touched:
        touched.write("touched")
    with pytest.raises(BackupFailed, match="pg_verifybackup"):
        await restore(backup, parent / "restored")


class _Counting:
    """Commits one number after the other and knows the last that was acknowledged."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.acknowledged = 0

    async def count(self) -> None:
        connection = await asyncpg.connect(self._url)
        try:
            while True:
                await connection.execute("INSERT INTO proof VALUES ($1)", self.acknowledged + 1)
                self.acknowledged += 1
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
            return  # the server is gone

    async def until(self, number: int) -> None:
        async with asyncio.timeout(60):
            while self.acknowledged < number:
                await asyncio.sleep(0.01)


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()


async def _value(url: str, statement: str) -> Any:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()
