"""The embedded servers survive what happens to a laptop (P1, P2)."""

import asyncio
import os
import shutil
import tempfile
from pathlib import Path

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from deploy.local.kafka import EmbeddedKafka
from deploy.local.postgres import EmbeddedPostgres
from deploy.local.privileges import account_for_postgres, reachable_folder, reachable_program
from deploy.local.topics import ensure_topics
from tests.servers import run_folder


@pytest.fixture
def enterable() -> Path:
    """A folder for PostgreSQL: as root it runs as somebody else, who may not enter pytest's own folders."""
    parent = Path(tempfile.mkdtemp(dir=run_folder()))
    parent.chmod(0o711)
    return parent / "postgres"


def test_postgres_keeps_its_data_over_a_crash_and_a_stale_pid_file(enterable: Path) -> None:
    """P1: the number in the pid file may belong to anybody by now."""
    first = EmbeddedPostgres(enterable)
    first.start()
    asyncio.run(_execute(first.url, "CREATE TABLE proof AS SELECT 1 AS n"))
    first.kill()
    pid_file = next(enterable.rglob("postmaster.pid"))
    pid_file.write_text(pid_file.read_text().replace(pid_file.read_text().split()[0], str(os.getpid()), 1))
    again = EmbeddedPostgres(enterable)
    again.start()
    try:
        assert asyncio.run(_execute(again.url, "SELECT * FROM proof")) == "SELECT 1"
    finally:
        again.stop()


def test_a_postgres_that_a_killed_run_left_is_ended_first(enterable: Path) -> None:
    """P1: where the system has no way to end it with its parent."""
    left = EmbeddedPostgres(enterable, durable=False)
    left.start()
    again = EmbeddedPostgres(enterable, durable=False)
    again.start()
    try:
        assert left.has_crashed
        assert asyncio.run(_execute(again.url, "SELECT 1")) == "SELECT 1"
    finally:
        again.stop()


def test_a_password_is_needed(enterable: Path) -> None:
    """P9: also on loopback."""
    server = EmbeddedPostgres(enterable, durable=False)
    server.start()
    try:
        with pytest.raises(asyncpg.InvalidPasswordError):
            asyncio.run(_execute(server.url.replace("postgres:", "postgres:x", 1), "SELECT 1"))
    finally:
        server.stop()


async def test_kafka_keeps_its_records_over_a_crash_at_the_same_address(tmp_path: Path) -> None:
    """P2: clients find it again where it was."""
    kafka = EmbeddedKafka(tmp_path / "kafka")
    kafka.start()
    address = kafka.bootstrap
    try:
        await ensure_topics(bootstrap=address, partitions=1)
        async with AIOKafkaProducer(bootstrap_servers=address, acks="all") as producer:
            await producer.send_and_wait("dueflow.ledger", b"issued")
        kafka.kill()
        assert not kafka.has_crashed
        kafka.start()
        assert kafka.bootstrap == address
        async with AIOKafkaConsumer(
            "dueflow.ledger", bootstrap_servers=address, auto_offset_reset="earliest"
        ) as consumer:
            assert (await consumer.getone()).value == b"issued"
    finally:
        kafka.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root drops privileges")
def test_under_a_private_folder_root_starts_postgres_from_a_copy_elsewhere(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """P1: a clone below /root, which no other account may enter."""
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    account = account_for_postgres()
    folder = reachable_folder(private / "postgres", account=account)
    request.addfinalizer(lambda: shutil.rmtree(folder))
    assert folder.parent == Path("/var/tmp")  # noqa: S108
    package = private / "wheel"
    (package / "install" / "bin").mkdir(parents=True)
    (private / "wheel.libs").mkdir()
    copy = reachable_program(package / "install" / "bin", below=folder, account=account)
    assert copy == folder / "packages" / "wheel" / "install" / "bin"
    assert (folder / "packages" / "wheel.libs").exists()
    (folder / "data").mkdir()
    shutil.rmtree(private)
    assert not (reachable_folder(private / "postgres", account=account) / "data").exists()


async def _execute(url: str, statement: str) -> str:
    connection = await asyncpg.connect(url)
    try:
        return str(await connection.execute(statement))
    finally:
        await connection.close()
