"""The operator's commands against a real installation: what stands still or is parked is shown and mended."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from typer.testing import CliRunner

from cli import connection
from cli.exits import Exit
from cli.main import app
from deploy.local.runner import LocalStack
from shared.clock import MachineClock
from shared.contracts.ledger import InvoiceIssued
from shared.ids import customer_id_of, new_id
from shared.messaging.envelope import Envelope, to_headers
from shared.messaging.kafka import Record, StreamProducer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

CUSTOMER = customer_id_of("C-1")
TODAY = date(2026, 3, 2)
_READERS = {"credit", "collections", "notifications"}
_UNKNOWN = "ledger.nobody-reads-this.v1"


@dataclass(frozen=True)
class Stranger:
    """Writes into the ledger's topic as the ledger would, but what and in which order it likes."""

    stack: LocalStack
    ids: Sequence[UUID]

    async def send(self, *sequences: int, wire: str = _UNKNOWN, body: bytes = b"{}") -> None:
        """Send the events of these numbers, each naming the one before it."""
        producer = StreamProducer(self.stack.bootstrap, client="stranger")
        await producer.start()
        await producer.send([self._record(sequence, wire, body) for sequence in sequences])
        await producer.drop()

    def _record(self, sequence: int, wire: str, body: bytes) -> Record:
        envelope = Envelope(
            event_id=self.ids[sequence],
            wire=wire,
            source="dueflow/ledger",
            subject="test",
            recorded_at=MachineClock().now(),
            business_date=TODAY,
            effective_date=TODAY,
            customer_id=CUSTOMER,
            correlation_id="test-command",
            causation_id=self.ids[0],
            actor="test",
            traceparent="00-" + "a" * 32 + "-" + "b" * 16 + "-01",
            epoch=1,
            sequence=sequence,
            previous_id=self.ids[sequence - 1] if sequence > 1 else None,
        )
        return Record(f"{self.stack.topic_prefix}ledger", 0, -1, to_headers(envelope), body, str(CUSTOMER).encode())


@pytest.fixture
async def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stranger]:
    """An installation of one partition in which nothing has happened yet."""
    monkeypatch.setattr(connection, "RUNS", tmp_path.parent)
    async with LocalStack(tmp_path, partitions=1) as stack:
        yield Stranger(stack, [new_id() for _ in range(9)])


async def run(stranger: Stranger, *words: str) -> tuple[Exit, list[Any]]:
    """Run a verb as a script would: its exit code, and the JSON lines that it printed."""
    command = [*words, "--run", stranger.stack.root.name]
    done = await asyncio.to_thread(CliRunner().invoke, app, command)
    return Exit(done.exit_code), [json.loads(line) for line in done.stdout.splitlines()]


async def until_all_are_stuck(stranger: Stranger, *words: str) -> list[Any]:
    """Run a verb until it tells of trouble in each service that reads the ledger; return what it printed then."""
    async with asyncio.timeout(120):
        while True:
            code, lines = await run(stranger, *words)
            if {line["service"] for line in lines if line.get("stopped", True)} == _READERS:
                assert code == Exit.DIFFERS
                return lines
            await asyncio.sleep(0.5)


async def test_replay_finds_what_is_missing_and_leads_the_readers_back(stranger: Stranger) -> None:
    """P4, P14: lost, then sent again behind the later ones; three services stand still, and go on without repeating."""
    await stranger.send(1, 3)
    stopped = await until_all_are_stuck(stranger, "replay", "--topic", "ledger")
    assert {line["goes_on_at"] for line in stopped} == {None}
    await stranger.send(2, 3)
    code, lines = await run(stranger, "replay", "--service", "credit")
    assert (code, lines[0]["goes_on_at"]) == (Exit.DIFFERS, 2)
    code, lines = await run(stranger, "replay", "--yes")
    assert code == Exit.HELD
    ledger_lines = [line for line in lines if line["topic"].endswith("ledger")]
    assert {line["service"] for line in ledger_lines} == _READERS
    assert {(line["records"], line["applied"], line["waiting"]) for line in ledger_lines} == {(4, 3, 0)}


async def test_a_parked_customer_is_shown_released_in_vain_and_flows_after_a_discard(stranger: Stranger) -> None:
    """P6, P14: an event that no service can read waits until a person gives it up, and says why."""
    await stranger.send(1, wire=InvoiceIssued.wire, body=b'{"no": "invoice"}')
    await until_all_are_stuck(stranger, "park", "list")
    for service in _READERS:
        place = (service, str(CUSTOMER))
        code, waiting = await run(stranger, "park", "show", *place)
        assert (code, len(waiting)) == (Exit.HELD, 1)
        assert (await run(stranger, "park", "release", *place))[0] == Exit.DIFFERS
        item = str(waiting[0]["item_id"])
        said = ("--reason", "not an invoice of ours", "--yes")
        assert (await run(stranger, "park", "discard", *place, item, *said))[0] == Exit.HELD
        assert (await run(stranger, "park", "release", *place))[0] == Exit.HELD
        _, (gone,) = await run(stranger, "park", "discarded", *place)
        assert (gone["item_id"], gone["type"], gone["reason"]) == (int(item), InvoiceIssued.wire, said[1])
    assert await run(stranger, "park", "list") == (Exit.HELD, [])
