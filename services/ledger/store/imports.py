"""Keeps imported files in portions until they are worked, with each import's progress and its report of errors."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.domain.import_lines import Line
from shared.rows import Rows, insert_rows

Kind = Literal["invoices", "payments"]
Format = Literal["csv", "ndjson"]
State = Literal["waiting", "running", "done", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """A file that somebody sent, and how far it has been worked; `header` is empty where the format has none."""

    import_id: UUID
    kind: Kind
    strict: bool
    format: Format
    header: str
    file_hash: bytes
    file_bytes: int
    state: State
    chunks_done: int
    rows_total: int
    rows_imported: int
    rows_known: int
    rows_refused: int
    actor: str
    correlation_id: str
    traceparent: str
    received_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowError:
    """Why a row was refused: its line, the column where one is to blame, and the rule; never the value."""

    line: int
    ordinal: int
    column: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What working one portion, or a whole file, has come to."""

    imported: int = 0
    known: int = 0
    errors: tuple[RowError, ...] = ()

    @property
    def refused(self) -> int:
        """Return how many rows were refused; a row may have several errors."""
        return len({error.line for error in self.errors})

    def __add__(self, other: "Progress") -> "Progress":
        return Progress(
            imported=self.imported + other.imported, known=self.known + other.known, errors=self.errors + other.errors
        )


_COLUMNS = """import_id, kind, strict, format, header, file_hash, file_bytes, state, chunks_done, rows_total,
    rows_imported, rows_known, rows_refused, actor, correlation_id, traceparent, received_at, finished_at"""
_INSERT = text(f"""
    INSERT INTO import ({_COLUMNS})
    VALUES (:import_id, :kind, :strict, :format, :header, :file_hash, :file_bytes, :state, :chunks_done, :rows_total,
        :rows_imported, :rows_known, :rows_refused, :actor, :correlation_id, :traceparent, :received_at, :finished_at)
""")
_HOLD_FILE = text("SELECT pg_advisory_xact_lock(:key)")
_SAME_FILE = text(f"""
    SELECT {_COLUMNS} FROM import
    WHERE kind = :kind AND strict = :strict AND file_hash = :file_hash AND state <> 'refused'
""")
_BY_ID = text(f"SELECT {_COLUMNS} FROM import WHERE import_id = :import_id")
# Files are worked in the order of their arrival, for payments follow the invoices that they pay.
_NEXT = text(f"""
    SELECT {_COLUMNS} FROM import
    WHERE import_id = (SELECT import_id FROM import WHERE finished_at IS NULL ORDER BY received_at, import_id LIMIT 1)
        AND finished_at IS NULL
    FOR UPDATE SKIP LOCKED
""")
_COUNT_ROWS = text("UPDATE import SET rows_total = :rows WHERE import_id = :import_id")
_CHUNK = text("SELECT numbers, lines FROM import_chunk WHERE import_id = :import_id AND ordinal = :ordinal")
_ADVANCE = text("""
    UPDATE import SET chunks_done = chunks_done + 1, state = 'running', rows_imported = rows_imported + :imported,
        rows_known = rows_known + :known, rows_refused = rows_refused + :refused
    WHERE import_id = :import_id
""")
_FINISH = text("""
    UPDATE import SET finished_at = :finished_at,
        state = CASE WHEN rows_imported + rows_known > 0 THEN 'done' ELSE 'refused' END
    WHERE import_id = :import_id
""")
_DELETE_CHUNKS = text("DELETE FROM import_chunk WHERE import_id = :import_id")
_ERRORS = text("""
    SELECT line, ordinal, column_name AS column, reason FROM import_error
    WHERE import_id = :import_id AND (line, ordinal) > (:line, :ordinal)
    ORDER BY line, ordinal LIMIT :limit
""")
_CHUNK_ROWS = text("""
    INSERT INTO import_chunk (import_id, ordinal, numbers, lines) VALUES (:import_id, :ordinal, :numbers, :lines)
""")
_ERROR_ROWS = Rows.of(
    "import_error",
    key=("import_id", "line", "ordinal"),
    import_id="uuid",
    line="bigint",
    ordinal="smallint",
    column_name="text",
    reason="text",
)


async def hold_file(connection: AsyncConnection, file_hash: bytes) -> None:
    """Let nobody else take in the same file until this transaction ends."""
    await connection.execute(_HOLD_FILE, {"key": int.from_bytes(file_hash[:8], signed=True)})


async def add_import(connection: AsyncConnection, new: Import) -> None:
    """Insert the import."""
    await connection.execute(_INSERT, asdict(new))


async def count_rows(connection: AsyncConnection, import_id: UUID, *, rows: int) -> None:
    """Note how many rows the file has."""
    await connection.execute(_COUNT_ROWS, {"import_id": import_id, "rows": rows})


async def add_chunk(connection: AsyncConnection, import_id: UUID, *, ordinal: int, lines: Sequence[Line]) -> None:
    """Keep a portion of the file."""
    parameters = {
        "import_id": import_id,
        "ordinal": ordinal,
        "numbers": [line.number for line in lines],
        "lines": [line.text for line in lines],
    }
    await connection.execute(_CHUNK_ROWS, parameters)


async def import_of_file(connection: AsyncConnection, *, kind: Kind, strict: bool, file_hash: bytes) -> Import | None:
    """Return the import that this file began, unless nothing of it was recorded."""
    row = await connection.execute(_SAME_FILE, {"kind": kind, "strict": strict, "file_hash": file_hash})
    found = row.mappings().one_or_none()
    return None if found is None else Import(**found)


async def import_by_id(connection: AsyncConnection, import_id: UUID) -> Import | None:
    """Return the import with this id, if there is one."""
    found = (await connection.execute(_BY_ID, {"import_id": import_id})).mappings().one_or_none()
    return None if found is None else Import(**found)


async def next_import(connection: AsyncConnection) -> Import | None:
    """Lock and return the oldest unfinished import, unless another worker is at it."""
    found = (await connection.execute(_NEXT)).mappings().one_or_none()
    return None if found is None else Import(**found)


async def chunk(connection: AsyncConnection, import_id: UUID, *, ordinal: int) -> list[Line] | None:
    """Return a portion of the file; None behind its last."""
    row = (await connection.execute(_CHUNK, {"import_id": import_id, "ordinal": ordinal})).one_or_none()
    return None if row is None else [Line(*each) for each in zip(row.numbers, row.lines, strict=True)]


async def advance(connection: AsyncConnection, import_id: UUID, progress: Progress) -> None:
    """Note that one more portion was worked, with what came of it."""
    counts = {"imported": progress.imported, "known": progress.known, "refused": progress.refused}
    await connection.execute(_ADVANCE, {"import_id": import_id, **counts})
    await insert_rows(
        connection,
        _ERROR_ROWS,
        [
            {
                "import_id": import_id,
                "line": error.line,
                "ordinal": error.ordinal,
                "column_name": error.column,
                "reason": error.reason,
            }
            for error in progress.errors
        ],
    )


async def finish(connection: AsyncConnection, import_id: UUID, *, at: datetime) -> None:
    """End the import: done, or refused where nothing was recorded; its report stays, the file's content goes."""
    await connection.execute(_FINISH, {"import_id": import_id, "finished_at": at})
    await connection.execute(_DELETE_CHUNKS, {"import_id": import_id})


async def errors(
    connection: AsyncConnection, import_id: UUID, *, limit: int, after: tuple[int, int] = (0, 0)
) -> Sequence[RowError]:
    """Return at most `limit` errors behind `after` (line, ordinal)."""
    line, ordinal = after
    parameters = {"import_id": import_id, "line": line, "ordinal": ordinal, "limit": limit}
    return [RowError(**row) for row in (await connection.execute(_ERRORS, parameters)).mappings()]
