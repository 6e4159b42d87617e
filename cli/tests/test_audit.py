"""`dueflow audit verify` tells an auditor, and a program, whether anything was touched (L17, P14)."""

import asyncio
import json
import os
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from cli import audit
from cli.main import app
from deploy.local.state import StackState
from deploy.local.topics import ensure_topics
from services.ledger.audit_keeping import AuditKeeper
from services.ledger.tests.rest import ENTITY, PARTITIONS, make_house
from tests.databases import FreshDatabase


def state_of(url: str, bootstrap: str, prefix: str) -> StackState:
    """What a running stack says about itself, as far as the auditor needs it."""
    return StackState(
        pid=os.getpid(),
        api_urls={},
        worker_urls={},
        checker_urls={"ledger": url},
        bootstrap=bootstrap,
        topic_prefix=prefix,
        partitions=PARTITIONS,
        api_key="",
        mailbox_url=None,
    )


async def verified(*arguments: str) -> Result:
    """Run the verb; it has an event loop of its own."""
    return await asyncio.to_thread(CliRunner().invoke, app, ["audit", "verify", *arguments])


async def test_the_auditor_hears_what_was_touched_and_where(
    fresh_database: FreshDatabase,
    tmp_path: Path,
    kafka_bootstrap: str,
    topic_prefix: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """L17: exit 0 with every chain's head while nothing was; else exit 1 with partition, number and record."""
    await ensure_topics(bootstrap=kafka_bootstrap, prefix=topic_prefix, partitions=PARTITIONS)
    url = await fresh_database("ledger")
    monkeypatch.setattr(audit, "running_stack", lambda _run: state_of(url, kafka_bootstrap, topic_prefix))
    house = make_house(url, tmp_path, kafka_bootstrap=kafka_bootstrap, topic_prefix=topic_prefix)
    await house.open("2026-01-01")
    await house.done("/entities", ENTITY)
    keeper = AuditKeeper(house.context)
    await keeper.seal_some()
    await keeper.anchor_moved()

    whole = await verified()
    assert whole.exit_code == 0, whole.output
    answer = json.loads(whole.stdout)
    [chain] = answer["chains"]
    assert (answer["holds"], chain["records"], chain["anchored"], len(chain["head"])) == (True, 1, 1, 64)

    async with house.context.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE audit_record DISABLE TRIGGER USER"))
        await connection.execute(text("UPDATE audit_record SET actor = 'nobody'"))
    touched = await verified("--json")
    assert touched.exit_code == 1
    [breach] = json.loads(touched.stdout)["breaches"]
    assert (breach["partition_no"], breach["number"]) == (0, 1)
    await house.client.aclose()
    await house.context.wake.close()
    await house.context.engine.dispose()


async def test_an_audit_that_cannot_be_read_is_not_called_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """L17: nor is a broken one; exit 1 and a sentence."""
    monkeypatch.setattr(audit, "running_stack", lambda _run: state_of("postgresql+asyncpg://x", "127.0.0.1:1", "x."))
    outcome = await verified()
    assert (outcome.exit_code, outcome.stdout) == (1, "")
    assert "cannot be read" in outcome.stderr
