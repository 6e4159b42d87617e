"""The stack starts in order, says where all is, and ends without a trace (P1, P2, P7)."""

import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import httpx
import pytest

from deploy.local import service_processes
from deploy.local.runner import LocalStack
from deploy.local.servers import NamedKafka, NamedPostgres
from deploy.local.state import AlreadyRunning, NotRunning, load_state
from deploy.local.topics import delete_topics

said_while_running: list[bool] = []
"""For each line that the stack told: whether others could find it then."""


@pytest.fixture
async def stack(
    postgres_server: str, kafka_bootstrap: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[LocalStack]:
    """A stack of one fake service on the run's servers, not yet entered."""
    said_while_running.clear()
    monkeypatch.setattr(service_processes, "_SERVICE_MODULE", "deploy.local.tests.fake_service")
    monkeypatch.setenv("DUEFLOW_POSTGRES_URL", "postgresql://the-administrator")
    prefix = f"dueflow_test_{secrets.token_hex(4)}"
    yield LocalStack(
        tmp_path / "run",
        services=["ledger"],
        partitions=2,
        fast_clock=True,
        prefix=prefix,
        extra_environment={"FAKE_MIGRATED": str(tmp_path / "migrated")},
        postgres=NamedPostgres(postgres_server),
        kafka=NamedKafka(kafka_bootstrap),
        tell=lambda _line: said_while_running.append((tmp_path / "run" / "stack.json").exists()),
    )
    await delete_topics(bootstrap=kafka_bootstrap, prefix=f"{prefix}.")
    admin = await asyncpg.connect(postgres_server)
    await admin.execute(f'DROP DATABASE IF EXISTS "{prefix}_ledger" WITH (FORCE)')
    await admin.execute(f'DROP ROLE IF EXISTS "{prefix}_ledger", "{prefix}_checker"')
    await admin.close()


async def test_a_service_is_migrated_then_told_all_it_needs_and_no_more(stack: LocalStack) -> None:
    """P7: its own database, and never the administrator's URL."""
    async with stack, httpx.AsyncClient() as client:
        assert (stack.root.parent / "migrated").exists()
        assert [process.state for process in stack.processes] == ["ready"] * 3
        said = (await client.get(f"{stack.api_url('ledger')}/environment")).text
        assert f"DUEFLOW_DATABASE_URL={stack.database_url('ledger')}\n" in said
        assert f"DUEFLOW_TOPIC_PREFIX={stack.topic_prefix}\n" in said
        assert "DUEFLOW_CLOCK=fast\n" in said
        assert "DUEFLOW_SMTP_TLS=none\n" in said
        assert "DUEFLOW_POSTGRES_URL" not in said


async def test_a_process_is_restarted_with_more_environment(stack: LocalStack) -> None:
    """Fault tests arm crash points in this way."""
    async with stack, httpx.AsyncClient() as client:
        first = stack.process("ledger-worker").pid
        await stack.restart("ledger-worker", environment={"DUEFLOW_TEST_CRASH_AT": "after-send:2"})
        assert stack.process("ledger-worker").pid != first
        assert "after-send:2" in (await client.get(f"{stack.worker_url('ledger')}/environment")).text


async def test_its_state_is_found_while_it_runs_and_only_then(stack: LocalStack) -> None:
    """`down`, `import` and `check` find what `up` started; a second start is refused."""
    stack.root.mkdir()
    (stack.root / "stack.json").write_text("what a killed run left behind")
    async with stack:
        state = load_state(stack.root)
        assert state.api_urls == {"ledger": stack.api_url("ledger")}
        assert state.api_key == stack.api_key
        with pytest.raises(AlreadyRunning):
            await LocalStack(stack.root, postgres=stack.postgres, kafka=stack.kafka).__aenter__()
    with pytest.raises(NotRunning):
        load_state(stack.root)
    assert said_while_running[0] is False
    assert said_while_running[-1] is True, "`down` waits until the last process is gone"
    assert [process.pid for process in stack.processes] == [None] * 3


async def test_secrets_are_readable_by_their_owner_only(stack: LocalStack) -> None:
    """P9: passwords, keys and the state that carries them."""
    async with stack:
        for name in ("secrets.json", "api-keys.json", "stack.json", "cursor.secret"):
            assert (stack.root / name).stat().st_mode & 0o777 == 0o600, name
