"""A ledger's API as a process of its own, over a PostgreSQL that really writes to disk, with its first day open."""

import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from benchmarks.load import drive, request
from deploy.local import processes
from deploy.local.api_keys import new_key
from deploy.local.databases import ensure_databases
from deploy.local.environment import Installation
from deploy.local.ports import answers, free_port
from deploy.local.postgres import EmbeddedPostgres
from services.ledger.day_opening import advance, make_opener
from services.ledger.main import SERVICE
from services.ledger.settings import LedgerSettings
from services.ledger.usecases.advance_day import Step
from shared.migrate import migrate
from shared.service import Context, make_context

DAY = date(2026, 3, 2)
ENTITY = {
    "code": "bench",
    "name": "Bench",
    "country": "CN",
    "zone": "Asia/Shanghai",
    "currency": "CNY",
    "accounts": "china",
    "payee": {"name": "Bench", "account": "1", "bank": "Bank", "phone": "+86 10 1", "email": "pay@example.test"},
}
_START_SECONDS = 60


@dataclass(frozen=True, slots=True)
class LedgerHouse:
    """Where the API answers, with which key, its database, and the parts of a worker over the same database."""

    port: int
    key: str
    database_url: str
    context: Context


@asynccontextmanager
async def ledger_house() -> AsyncIterator[LedgerHouse]:
    """Start everything in a folder of its own, and leave nothing behind."""
    with _folder() as folder, _postgres(folder) as server_url:
        databases = await ensure_databases(server_url=server_url, password_of=lambda _: "bench", services=["ledger"])
        url, port = databases.urls["ledger"], free_port()
        await migrate(url, SERVICE.name)
        key = new_key(folder / "keys.json", "bench")
        os.environ.update(_environment(folder, url, port))
        context = make_context(SERVICE, LedgerSettings(), "worker")
        with _api(folder, port):
            await _open_first_day(port, key, context)
            yield LedgerHouse(port, key, url, context)
        await context.wake.close()
        await context.engine.dispose()


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="dueflow-bench-"))
    folder.chmod(0o711)  # PostgreSQL may run as another user than we
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def _postgres(folder: Path) -> Iterator[str]:
    postgres = EmbeddedPostgres(folder / "postgres", durable=True)
    postgres.start()
    try:
        yield postgres.url
    finally:
        postgres.stop()


def _environment(folder: Path, database_url: str, port: int) -> dict[str, str]:
    installation = Installation(
        bootstrap="127.0.0.1:9",  # the API talks to no Kafka
        topic_prefix="bench.",
        partitions=12,
        api_keys_file=folder / "keys.json",
        fast_clock=True,
        extra={"DUEFLOW_RATE_PER_SECOND": "1000000", "DUEFLOW_LOG_LEVEL": "WARNING"},
    )
    return installation.environment(database_url=database_url, port=port, worker_port=free_port())


@contextmanager
def _api(folder: Path, port: int) -> Iterator[None]:
    log = folder / "api.log"
    command = [sys.executable, "-m", "services.ledger.main", "api"]
    process = processes.spawn(command, log=log, death_signal=signal.SIGKILL)
    try:
        processes.wait_until(lambda: answers(port), process=process, log=log, seconds=_START_SECONDS)
        yield
    finally:
        processes.stop(process, gently=signal.SIGTERM, grace_seconds=_START_SECONDS)


async def _open_first_day(port: int, key: str, context: Context) -> None:
    await _post(port, key, "/v1/business-days", {"day": DAY.isoformat()})
    opener = make_opener(context)
    while await advance(context, opener) is Step.DONE:
        pass
    await _post(port, key, "/v1/entities", ENTITY)


async def _post(port: int, key: str, path: str, body: Mapping[str, object]) -> None:
    await drive(port, [request("POST", path, key=key, body=json.dumps(body).encode())], connections=1)
