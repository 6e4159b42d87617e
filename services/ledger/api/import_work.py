"""Runs the imports that wait, oldest first: each portion is one transaction, so that a killed worker just continues."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog

from services.ledger.api.imports import CHANNEL
from services.ledger.store import imports
from services.ledger.store.imports import Kind
from services.ledger.usecases.work_import import ImportedKind, work_import
from shared.crash import crash_point
from shared.service import Context

IDLE_SECONDS = 10
PAUSE_SECONDS = 5

log = structlog.get_logger(__name__)

Kinds = Mapping[Kind, ImportedKind[Any, Any]]


def import_work(context: Context, kinds: Kinds) -> Callable[[], Awaitable[None]]:
    """Return the endless task of the worker that imports files."""

    async def run() -> None:
        while True:
            try:
                worked = await work_next(context, kinds)
            except Exception:  # whatever it is, the rest of the worker goes on and this import waits
                log.exception("import.failed")
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            if not worked:
                await context.wake.wait(CHANNEL, seconds=IDLE_SECONDS)

    return run


async def work_next(context: Context, kinds: Kinds) -> bool:
    """Work one portion of the oldest import that waits; False where none does, or another worker is at it."""
    async with context.begin() as connection:
        imported = await imports.next_import(connection)
        if imported is None:
            return False
        await work_import(
            connection,
            imported,
            kind=kinds[imported.kind],
            partitions=context.partitions,
            now=context.clock.now(),
        )
        crash_point("import.before_commit")
    crash_point("import.after_commit")
    await context.wake.outbox()
    return True
