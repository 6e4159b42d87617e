"""What a file to be imported may hold, and how it is received: onto disk, with its hash (faults 3.49)."""

import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from tempfile import SpooledTemporaryFile
from typing import Final

from fastapi import Request

from services.ledger.domain.import_columns import INVOICES, PAYMENTS, Columns
from services.ledger.store.imports import Format, Kind

MAX_FILE_BYTES: Final = 64 * 1024 * 1024
MAX_STRICT_BYTES: Final = 16 * 1024 * 1024
FORMATS: Final[dict[str, Format]] = {"text/csv": "csv", "application/x-ndjson": "ndjson"}
COLUMNS: Final[dict[Kind, Columns]] = {"invoices": INVOICES, "payments": PAYMENTS}

_IN_MEMORY_BYTES = 1024 * 1024
_PIECE_BYTES = 64 * 1024
_DESCRIPTION = """
Take in a file for the worker; poll the import for its progress. The content is its own key: the same file is answered
with its first import, so no Idempotency-Key is needed, and a row that is recorded already stays as it is.

`application/x-ndjson`: each line is the body of a single POST. `text/csv`: UTF-8, commas, a row for each document, and
a first line that names these columns in any order (the bold ones are required):

{columns}
"""

Upload = SpooledTemporaryFile[bytes]


@asynccontextmanager
async def spooled(request: Request) -> AsyncIterator[tuple[Upload, bytes]]:
    """Give the body and its SHA-256; it is kept on disk, for a slow line must hold neither memory nor a connection."""
    digest = hashlib.sha256()
    with SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as file:
        async for piece in request.stream():
            digest.update(piece)
            file.write(piece)
        yield file, digest.digest()


def pieces(file: Upload) -> Iterator[bytes]:
    """Give the file's content from its beginning."""
    file.seek(0)
    while piece := file.read(_PIECE_BYTES):
        yield piece


def description() -> str:
    """Return what a file may hold, from the very columns by which it is read."""
    columns = (
        f"- {kind}: {', '.join(f'**{name}**' for name in each.required)}, {', '.join(each.optional)}"
        for kind, each in COLUMNS.items()
    )
    return _DESCRIPTION.format(columns="\n".join(columns))
