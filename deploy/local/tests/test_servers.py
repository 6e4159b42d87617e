"""The fixtures' servers and the databases and topics made on them are the real thing (P2)."""

import secrets
from pathlib import Path

import asyncpg
import pytest

from deploy.local.databases import ensure_databases
from deploy.local.run_secrets import Secrets
from deploy.local.topics import WrongPartitionCount, ensure_topics
from tests.databases import FreshDatabase


async def test_postgres_is_a_real_one_of_a_supported_version(postgres_server: str) -> None:
    """P2: no in-memory stand-in."""
    connection = await asyncpg.connect(postgres_server)
    try:
        assert int(await connection.fetchval("SHOW server_version_num")) >= 150000
    finally:
        await connection.close()


async def test_a_fresh_database_is_empty_and_belongs_to_an_ordinary_role(fresh_database: FreshDatabase) -> None:
    """P7: tests run with no more rights than a service has."""
    connection = await asyncpg.connect((await fresh_database()).replace("+asyncpg", ""))
    try:
        assert not await connection.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        assert not await connection.fetch("SELECT 1 FROM pg_tables WHERE schemaname = 'public'")
        await connection.execute("CREATE TABLE proof (n int)")
    finally:
        await connection.close()


async def test_row_50_topics_are_made_once_and_another_partition_count_is_refused(
    kafka_bootstrap: str, topic_prefix: str
) -> None:
    """P2 and P13: the number of partitions is chosen at installation."""
    names = await ensure_topics(bootstrap=kafka_bootstrap, partitions=2, prefix=topic_prefix)
    assert await ensure_topics(bootstrap=kafka_bootstrap, partitions=2, prefix=topic_prefix) == names
    assert names == [
        topic_prefix + name for name in ("credit", "ledger", "collections", "notifications", "audit-anchors")
    ]
    with pytest.raises(WrongPartitionCount, match="has 2 partitions, DUEFLOW_PARTITIONS says 3"):
        await ensure_topics(bootstrap=kafka_bootstrap, partitions=3, prefix=topic_prefix)


async def test_each_service_owns_its_database_and_the_checker_only_reads(postgres_server: str, tmp_path: Path) -> None:
    """P7 and P11: a service cannot enter another's database; the checker reads all, later tables too."""
    prefix = f"dueflow_test_{secrets.token_hex(4)}_"
    password_of = Secrets(tmp_path / "secrets.json").get
    made = await ensure_databases(
        server_url=postgres_server, password_of=password_of, services=("credit", "ledger"), prefix=prefix
    )
    try:
        await _execute(made.urls["ledger"], "CREATE TABLE invoice AS SELECT 1 AS id")
        assert await _execute(made.checker_urls["ledger"], "SELECT id FROM invoice") == "SELECT 1"
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await _execute(made.checker_urls["ledger"], "DELETE FROM invoice")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await _execute(made.urls["ledger"].rpartition("/")[0] + f"/{prefix}credit", "SELECT 1")
    finally:
        for name in ("credit", "ledger"):
            await _execute(postgres_server, f'DROP DATABASE "{prefix}{name}" WITH (FORCE)')
        await _execute(postgres_server, f'DROP ROLE "{prefix}credit", "{prefix}ledger", "{prefix}checker"')


async def _execute(url: str, statement: str) -> str:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        return str(await connection.execute(statement))
    finally:
        await connection.close()
