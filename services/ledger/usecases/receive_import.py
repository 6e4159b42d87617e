"""Takes in a file to be imported: cut into portions, known by its hash, refused at once where it is unreadable (L2)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.domain.import_columns import Columns, Header
from services.ledger.domain.import_lines import Line, LineCutter, NotText, portions
from services.ledger.store import imports
from services.ledger.store.imports import Format, Import, Kind
from services.ledger.usecases.origin import Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveImport:
    """Import this file, under this id if it is new; `columns` are those of its kind."""

    origin: Origin
    import_id: UUID
    kind: Kind
    strict: bool
    format: Format
    columns: Columns
    file_hash: bytes
    file_bytes: int


async def receive_import(connection: AsyncConnection, command: ReceiveImport, content: Iterable[bytes]) -> Import:
    """Keep the file for the worker and return its import, or the import that the same file began before.

    Raise NotText or BadHeader where the file as a whole cannot be read; nothing is kept then.
    """
    await imports.hold_file(connection, command.file_hash)
    known = await imports.import_of_file(
        connection, kind=command.kind, strict=command.strict, file_hash=command.file_hash
    )
    if known is not None:
        return known
    lines = _lines(content, byte_order_mark=command.format == "csv")
    header = next(lines, Line(0, "")).text if command.format == "csv" else ""
    if command.format == "csv":
        Header.of(header, columns=command.columns)
    new = _new(command, header)
    await imports.add_import(connection, new)
    return replace(new, rows_total=await _keep(connection, command.import_id, lines))


def _lines(content: Iterable[bytes], *, byte_order_mark: bool) -> Iterator[Line]:
    cutter = LineCutter(byte_order_mark=byte_order_mark)
    for piece in content:
        yield from cutter.feed(piece)
    yield from cutter.end()


async def _keep(connection: AsyncConnection, import_id: UUID, lines: Iterator[Line]) -> int:
    rows = 0
    for ordinal, portion in enumerate(portions(lines)):
        await imports.add_chunk(connection, import_id, ordinal=ordinal, lines=portion)
        rows += len(portion)
    if rows == 0:
        raise NotText("the file has no rows")
    await imports.count_rows(connection, import_id, rows=rows)
    return rows


def _new(command: ReceiveImport, header: str) -> Import:
    return Import(
        import_id=command.import_id,
        kind=command.kind,
        strict=command.strict,
        format=command.format,
        header=header,
        file_hash=command.file_hash,
        file_bytes=command.file_bytes,
        state="waiting",
        chunks_done=0,
        rows_total=0,
        rows_imported=0,
        rows_known=0,
        rows_refused=0,
        actor=command.origin.actor,
        correlation_id=command.origin.correlation_id,
        traceparent=command.origin.traceparent,
        received_at=command.origin.recorded_at,
        finished_at=None,
    )
