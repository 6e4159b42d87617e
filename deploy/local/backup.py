"""Backs a PostgreSQL up: a base, and its log received as it is written; and brings both back, to the last commit."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import asyncpg

from deploy.local.files import write_private
from deploy.local.postgres import EmbeddedPostgres, programs
from deploy.local.processes import spawn, stop, tail

SLOT = "dueflow_backup"
"""The replication slot that keeps the log on the server until it is received, and the receiver's name there."""

_LOOK_SECONDS = 0.1
_STREAMING_SECONDS = 60
_STOP_SECONDS = 10
_RECOVERED_SECONDS = 3600


class BackupFailed(RuntimeError):
    """What PostgreSQL's own tool said."""


class Backup:
    """A folder with a base, and beside it the log from before the base on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.base = self.folder / "base"
        self.log = self.folder / "log"
        self.secrets = self.folder / "secrets.json"
        self._receiver: subprocess.Popen[bytes] | None = None

    @asynccontextmanager
    async def receiving(self, server_url: str, *, every_commit: bool) -> AsyncIterator[None]:
        """Receive the log inside of the block; with `every_commit` no commit is acknowledged before it is received.

        Killed meanwhile, the server keeps what is not received, for the next one over the same folder. An orderly end
        lets the server forget it: who takes a backup no more must not fill its disk.
        """
        await self._refuse_another_history(server_url)
        self.log.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self.base.exists():
            await self._tool(server_url, "pg_receivewal", f"--slot={SLOT}", "--create-slot", "--if-not-exists")
        self._receiver = self._receive(server_url)
        try:
            await self._until_streaming(server_url)
            if not self.base.exists():
                await self._take_base(server_url)
            await _wait_for_receiver(server_url, SLOT if every_commit else "")
            yield
        finally:
            await self._end(server_url)

    @property
    def is_receiving(self) -> bool:
        """Whether the receiver runs; it connects again by itself when the server was away."""
        return self._receiver is not None and self._receiver.poll() is None

    async def verify(self) -> None:
        """Compare every file of the base with its manifest, and see that the log needed to begin is there."""
        if not self.base.exists():
            raise BackupFailed(f"there is no backup in {self.folder}")
        await self._tool("", "pg_verifybackup", str(self.base))

    async def _refuse_another_history(self, server_url: str) -> None:
        if not self.base.exists():
            return
        connection = await asyncpg.connect(server_url)
        known = await connection.fetchval("SELECT true FROM pg_replication_slots WHERE slot_name = $1", SLOT)
        await connection.close()
        if not known:
            raise BackupFailed(f"the backup in {self.folder} has ended: the next one needs a folder of its own")

    def _receive(self, server_url: str) -> subprocess.Popen[bytes]:
        return spawn(
            [programs() / "pg_receivewal", f"--directory={self.log}", f"--slot={SLOT}", "--synchronous"],
            log=self.folder / "receiver.log",
            death_signal=signal.SIGINT,
            environment=_environment(server_url),
        )

    async def _until_streaming(self, server_url: str) -> None:
        statement = "SELECT true FROM pg_stat_replication WHERE application_name = $1 AND state = 'streaming'"
        connection = await asyncpg.connect(server_url)
        try:
            async with asyncio.timeout(_STREAMING_SECONDS):
                while not await connection.fetchval(statement, SLOT):
                    if not self.is_receiving:
                        raise BackupFailed(f"the log is not received:\n{tail(self.folder / 'receiver.log')}")
                    await asyncio.sleep(_LOOK_SECONDS)
        finally:
            await connection.close()

    async def _take_base(self, server_url: str) -> None:
        """Into a folder of another name first: a half-made one is never taken for a whole one."""
        fresh = self.folder / "base.new"
        shutil.rmtree(fresh, ignore_errors=True)
        await self._tool(
            server_url, "pg_basebackup", f"--pgdata={fresh}", "--checkpoint=fast", "--manifest-checksums=SHA256"
        )
        password = unquote(urlsplit(server_url).password or "")
        write_private(self.secrets, json.dumps({"postgres": password}))
        fresh.replace(self.base)

    async def _end(self, server_url: str) -> None:
        if self._receiver is not None:
            await asyncio.to_thread(stop, self._receiver, gently=signal.SIGINT, grace_seconds=_STOP_SECONDS)
        try:
            await _wait_for_receiver(server_url, "")
            connection = await asyncpg.connect(server_url)
        except OSError:
            return  # a server that is away for good keeps nothing
        await connection.execute(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1", SLOT
        )
        await connection.close()

    async def _tool(self, server_url: str, name: str, *options: str) -> None:
        finished = await asyncio.to_thread(
            subprocess.run,
            [str(programs() / name), *options],
            env=_environment(server_url),
            capture_output=True,
            check=False,
        )
        if finished.returncode:
            raise BackupFailed(f"{name} failed:\n{(finished.stdout + finished.stderr).decode()}")


async def restore(backup: Backup, folder: Path) -> None:
    """Make the data of a server in `folder` from the base and the log to its end; raises `BackupFailed`.

    The log ends where the server did: what was acknowledged and received is there, what was not committed is not.
    """
    await backup.verify()
    shutil.copy2(backup.secrets, _made(folder) / "secrets.json")
    postgres = EmbeddedPostgres(folder)
    postgres.take_base(backup.base, backup.log)
    postgres.start()
    try:
        await _until_recovered(postgres.url)
    finally:
        await asyncio.to_thread(postgres.stop)
    postgres.forget_log()


def _made(folder: Path) -> Path:
    if (folder / "data").exists():
        raise BackupFailed(f"there is a database in {folder} already: move it away first")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


async def _until_recovered(server_url: str) -> None:
    connection = await asyncpg.connect(server_url)
    try:
        async with asyncio.timeout(_RECOVERED_SECONDS):
            while await connection.fetchval("SELECT pg_is_in_recovery()"):
                await asyncio.sleep(_LOOK_SECONDS)
        # Commits wait for a receiver only where one receives.
        for setting in ("restore_command", "synchronous_standby_names"):
            await connection.execute(f"ALTER SYSTEM RESET {setting}")
    finally:
        await connection.close()


async def _wait_for_receiver(server_url: str, name: str) -> None:
    """Let commits wait until the receiver of this name has them; an empty name lets them wait for nobody."""
    connection = await asyncpg.connect(server_url)
    try:
        literal = await connection.fetchval("SELECT quote_literal($1)", name)
        await connection.execute(f"ALTER SYSTEM SET synchronous_standby_names = {literal}")
        await connection.execute("SELECT pg_reload_conf()")
        async with asyncio.timeout(_STREAMING_SECONDS):
            while await connection.fetchval("SHOW synchronous_standby_names") != name:
                await asyncio.sleep(_LOOK_SECONDS)
    finally:
        await connection.close()


def _environment(server_url: str) -> Mapping[str, str]:
    """Return where PostgreSQL's tools connect: not on their command lines, which everybody may read."""
    server = urlsplit(server_url)
    return {
        **os.environ,
        "PGHOST": server.hostname or "",
        "PGPORT": str(server.port or ""),
        "PGUSER": unquote(server.username or ""),
        "PGPASSWORD": unquote(server.password or ""),
        "PGAPPNAME": SLOT,
    }
