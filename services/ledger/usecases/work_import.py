"""Works imported files in portions: good rows are recorded, bad ones reported; a strict file wholly or not (L2)."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.domain.import_lines import Line
from services.ledger.store import imports
from services.ledger.store.imports import Import, Progress, RowError
from shared.messaging.customers import lock_customers
from shared.web import outages
from shared.web.problem_types import CONFLICT, INVALID
from shared.web.problems import Problem

C = TypeVar("C")
R = TypeVar("R")

ERRORS_PER_ROW = 5


@dataclass(frozen=True, slots=True)
class Complaint:
    """A rule that a row breaks, and the column where one is to blame."""

    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class ImportedKind(Generic[C, R]):
    """How the rows of one kind are read and carried out, by the same use case as single requests.

    `read` returns a row's command, or the complaints about it. `complaints` says a Problem in the file's own columns.
    `is_known` tells a result that was recorded before.
    """

    read: Callable[[Import, Line], C | list[Complaint]]
    customer_of: Callable[[C], UUID]
    carry_out: Callable[[AsyncConnection, Sequence[C]], Awaitable[Sequence[R | Problem]]]
    is_known: Callable[[R], bool]
    complaints: Callable[[Import, Problem], list[Complaint]]


async def work_import(
    connection: AsyncConnection, imported: Import, *, kind: ImportedKind[C, R], partitions: int, now: datetime
) -> None:
    """Work the next portion, or all of a strict file; end the import behind its last portion."""
    if imported.strict:
        progress = await _whole(connection, imported, kind, partitions)
        await imports.advance(connection, imported.import_id, progress)
        await imports.finish(connection, imported.import_id, at=now)
        return
    lines = await imports.chunk(connection, imported.import_id, ordinal=imported.chunks_done)
    if lines is None:
        await imports.finish(connection, imported.import_id, at=now)
        return
    await imports.advance(connection, imported.import_id, await _portion(connection, imported, lines, kind, partitions))


async def _portion(
    connection: AsyncConnection, imported: Import, lines: Sequence[Line], kind: ImportedKind[C, R], partitions: int
) -> Progress:
    rows, errors = _read(imported, lines, kind)
    await lock_customers(connection, [kind.customer_of(command) for _, command in rows], partitions=partitions)
    progress = Progress(errors=tuple(errors))
    results = await _carry_out(connection, [command for _, command in rows], kind)
    for (line, _), result in zip(rows, results, strict=True):
        progress += _outcome(imported, line, result, kind)
    return progress


async def _whole(connection: AsyncConnection, imported: Import, kind: ImportedKind[C, R], partitions: int) -> Progress:
    """Validate the whole file first; then record all of it, or nothing where the books refuse a row."""
    unreadable: list[RowError] = []
    customers: set[UUID] = set()
    async for lines in _chunks(connection, imported):
        rows, errors = _read(imported, lines, kind)
        unreadable += errors
        customers |= {kind.customer_of(command) for _, command in rows}
    if unreadable:
        return Progress(errors=tuple(unreadable))
    # All at once, because the portions' own order would not be the order of the customers.
    await lock_customers(connection, customers, partitions=partitions)
    progress = Progress()
    async with connection.begin_nested() as recording:
        async for lines in _chunks(connection, imported):
            progress += await _portion(connection, imported, lines, kind, partitions)
        if progress.errors:
            await recording.rollback()
            return Progress(errors=progress.errors)
    return progress


async def _chunks(connection: AsyncConnection, imported: Import) -> AsyncIterator[list[Line]]:
    ordinal = 0
    while (lines := await imports.chunk(connection, imported.import_id, ordinal=ordinal)) is not None:
        yield lines
        ordinal += 1


def _read(
    imported: Import, lines: Sequence[Line], kind: ImportedKind[C, R]
) -> tuple[list[tuple[Line, C]], list[RowError]]:
    rows: list[tuple[Line, C]] = []
    errors: list[RowError] = []
    for line in lines:
        read = kind.read(imported, line)
        if isinstance(read, list):
            errors += _errors(line, read)
        else:
            rows.append((line, read))
    return rows, errors


async def _carry_out(connection: AsyncConnection, commands: Sequence[C], kind: ImportedKind[C, R]) -> list[R | Problem]:
    """Halve a batch that the database refuses, until the bad row stands alone (architecture, everything is a batch)."""
    if not commands:
        return []
    try:
        async with connection.begin_nested():
            return list(await kind.carry_out(connection, commands))
    except DBAPIError as error:
        if not outages.is_refusal(error):
            raise
        if len(commands) == 1:
            return [Problem(CONFLICT if outages.sqlstate(error).startswith("23") else INVALID)]
    middle = len(commands) // 2
    first = await _carry_out(connection, commands[:middle], kind)
    return first + await _carry_out(connection, commands[middle:], kind)


def _outcome(imported: Import, line: Line, result: R | Problem, kind: ImportedKind[C, R]) -> Progress:
    if isinstance(result, Problem):
        return Progress(errors=tuple(_errors(line, kind.complaints(imported, result))))
    return Progress(known=1) if kind.is_known(result) else Progress(imported=1)


def _errors(line: Line, complaints: Sequence[Complaint]) -> Iterator[RowError]:
    for ordinal, each in enumerate(complaints[:ERRORS_PER_ROW], 1):
        yield RowError(line=line.number, ordinal=ordinal, column=each.column, reason=each.reason)
