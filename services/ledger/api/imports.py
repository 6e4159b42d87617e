"""Takes files of invoices and payments for the worker, and shows how far they are and which rows were refused (L2)."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from services.ledger.api.import_files import (
    COLUMNS,
    FORMATS,
    MAX_FILE_BYTES,
    MAX_STRICT_BYTES,
    Upload,
    description,
    pieces,
    spooled,
)
from services.ledger.domain.import_columns import BadHeader
from services.ledger.domain.import_lines import NotText
from services.ledger.store import days, imports
from services.ledger.store.imports import Import, Kind, State
from services.ledger.usecases.origin import Origin
from services.ledger.usecases.receive_import import ReceiveImport, receive_import
from services.ledger.usecases.refusals import no_day
from shared.ids import new_id
from shared.observe.trace import current_trace
from shared.service import Context
from shared.web.cursor import Listing, Page
from shared.web.keys import Caller, Reader, Writer
from shared.web.problem_types import INVALID, NOT_FOUND, TOO_LARGE
from shared.web.problems import Problem
from shared.web.routing import router, streamed

CHANNEL: Final = "imports"


class ImportShown(BaseModel):
    """An import and its progress; `refused` as a state means that nothing was recorded and the file may come again."""

    import_id: UUID
    kind: Kind
    strict: bool
    state: State
    rows_total: int
    rows_imported: int
    rows_known: Annotated[int, Field(description="Recorded before with the same content, and left as they are.")]
    rows_refused: int
    received_at: datetime
    finished_at: datetime | None


class RowErrorShown(BaseModel):
    """Why a row was refused; `column` is a CSV column or a place in the JSON, and empty for the row as a whole."""

    line: int
    column: str
    reason: str


def imports_router(context: Context) -> APIRouter:
    """Return the routes of imports."""
    routes = router(prefix="/v1", tags=["imports"])

    @routes.post(
        "/imports",
        status_code=202,
        description=description(),
        openapi_extra=streamed(*FORMATS, max_bytes=MAX_FILE_BYTES),
    )
    async def post_import(
        caller: Writer,
        request: Request,
        kind: Kind,
        strict: Annotated[Literal["true", "false"], Query(description="Import all rows, or none.")] = "false",
    ) -> ImportShown:
        async with spooled(request) as (file, file_hash):
            command = ReceiveImport(
                origin=_origin(caller, context),
                import_id=new_id(),
                kind=kind,
                strict=strict == "true",
                format=FORMATS[request.headers["content-type"].partition(";")[0].strip().lower()],
                columns=COLUMNS[kind],
                file_hash=file_hash,
                file_bytes=file.tell(),
            )
            received = await _receive(context, command, file)
        await context.wake.notify(CHANNEL)
        return _shown(received)

    @routes.get("/imports/{import_id}")
    async def get_import(_caller: Reader, import_id: UUID) -> ImportShown:
        """Tell how far an import is."""
        return _shown(await _find(context, import_id))

    @routes.get("/imports/{import_id}/errors")
    async def list_errors(_caller: Reader, import_id: UUID, paging: Listing) -> Page[RowErrorShown]:
        """List the refused rows by line, each with its column and reason."""
        await _find(context, import_id)
        line, ordinal = (int(part or 0) for part in paging.after or (0, 0))
        async with context.reading.connect() as connection:
            rows = await imports.errors(connection, import_id, limit=paging.limit + 1, after=(line, ordinal))
        return Page(
            items=[RowErrorShown.model_validate(asdict(row)) for row in rows[: paging.limit]],
            next_cursor=paging.next_cursor(rows, lambda row: [row.line, row.ordinal]),
        )

    return routes


def _origin(caller: Caller, context: Context) -> Origin:
    trace = current_trace()
    return Origin(
        cause_id=new_id(),
        actor=caller.name,
        correlation_id=trace.correlation_id,
        traceparent=trace.traceparent,
        recorded_at=context.clock.now(),
    )


async def _receive(context: Context, command: ReceiveImport, file: Upload) -> Import:
    if command.strict and command.file_bytes > MAX_STRICT_BYTES:
        raise Problem(TOO_LARGE, f"A strict import is one transaction: at most {MAX_STRICT_BYTES} bytes.")
    try:
        async with context.begin() as connection:
            if await days.open_day(connection) is None:
                raise no_day()
            return await receive_import(connection, command, pieces(file))
    except NotText as error:
        raise Problem(INVALID, errors=[{"pointer": "", "detail": str(error)}]) from None
    except BadHeader as error:
        raise Problem(INVALID, errors=[{"pointer": "", "detail": each} for each in error.errors]) from None


async def _find(context: Context, import_id: UUID) -> Import:
    async with context.reading.connect() as connection:
        found = await imports.import_by_id(connection, import_id)
    if found is None:
        raise Problem(NOT_FOUND)
    return found


def _shown(found: Import) -> ImportShown:
    return ImportShown.model_validate(asdict(found))
