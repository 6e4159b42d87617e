"""A worker killed in the middle of an import loses nothing and does nothing twice (faults 3.49, architecture)."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.domain.import_lines import Line
from services.ledger.store.imports import Import, next_import
from services.ledger.tests.import_house import DAY, ImportHouse, csv_file, invoice_row
from services.ledger.usecases.work_import import Complaint, ImportedKind, work_import
from shared.web.problems import Problem
from tests.databases import FreshDatabase

ROOT = Path(__file__).parents[3]


@pytest.fixture
async def place(fresh_database: FreshDatabase, tmp_path: Path) -> AsyncIterator[tuple[ImportHouse, str]]:
    """The ledger with its first day open, and the URL of its database."""
    url = await fresh_database("ledger")
    house = ImportHouse.of(url, tmp_path)
    await house.books.begin(DAY)
    yield house, url
    await house.close()


async def work_in_a_process(url: str, folder: Path, *, crash_at: str = "") -> int:
    """Work imports in another process; its exit code."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.ledger.tests.work_imports",
        url,
        str(folder),
        cwd=ROOT,
        env={**os.environ, "DUEFLOW_TEST_CRASH_AT": crash_at},
    )
    return await process.wait()


@pytest.mark.parametrize(
    ("place_of_death", "strict"),
    [
        ("import.before_commit:1", False),
        ("import.after_commit:1", False),
        ("import.before_commit:2", False),
        ("import.before_commit:1", True),
        ("import.after_commit:1", True),
    ],
)
async def test_a_killed_worker_just_continues(
    place: tuple[ImportHouse, str], tmp_path: Path, place_of_death: str, *, strict: bool
) -> None:
    """Faults 3.49: killed before or after a commit; every row is there once, and so are its effects."""
    house, url = place
    sent = await house.send(
        csv_file(*(invoice_row(f"R-{count}", customer=f"C-{count % 5}") for count in range(1100))), strict=strict
    )
    assert await work_in_a_process(url, tmp_path, crash_at=place_of_death) == -signal.SIGKILL
    assert await work_in_a_process(url, tmp_path) == 0
    ended = (await house.http.get(f"/v1/imports/{sent.json()['import_id']}")).json()
    assert (ended["state"], ended["rows_imported"], ended["rows_known"]) == ("done", 1100, 0)
    assert await house.count("invoice") == await house.count("outbox") == await house.count("audit_record") == 1100


async def test_a_row_that_only_the_database_refuses_stands_alone(place: tuple[ImportHouse, str]) -> None:
    """Architecture, everything is a batch: halved down to the bad row; the good ones stay."""
    house, _ = place
    async with house.context.engine.begin() as connection:
        await connection.execute(text("CREATE TABLE shelf (name text PRIMARY KEY CHECK (name <> 'bad'))"))
    await house.send(csv_file(*(invoice_row(name) for name in ("a", "b", "bad", "c", "a"))))
    kind = ImportedKind(
        read=name_of_row, customer_of=lambda _: UUID(int=1), carry_out=put, is_known=lambda _: False, complaints=titled
    )
    async with house.context.begin() as connection:
        imported = await next_of(connection)
        await work_import(connection, imported, kind=kind, partitions=4, now=imported.received_at)
    async with house.context.engine.connect() as connection:
        names = (await connection.execute(text("SELECT name FROM shelf ORDER BY name"))).scalars().all()
    assert names == ["a", "b", "c"]
    assert [line for line, _, _ in await house.errors(str(imported.import_id))] == [4, 6]


async def next_of(connection: AsyncConnection) -> Import:
    """The import that waits."""
    imported = await next_import(connection)
    assert imported is not None
    return imported


def name_of_row(_imported: Import, line: Line) -> str | list[Complaint]:
    """The number of the invoice."""
    return line.text.split(",")[1]


async def put(connection: AsyncConnection, names: Sequence[str]) -> Sequence[str | Problem]:
    """A use case that leaves checking to the database."""
    await connection.execute(text("INSERT INTO shelf SELECT unnest(CAST(:names AS text[]))"), {"names": names})
    return names


def titled(_imported: Import, problem: Problem) -> list[Complaint]:
    """The problem's title."""
    return [Complaint("", problem.kind.title)]
