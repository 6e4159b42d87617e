"""Takes a file of customers, records its good lines in portions, and reports every line that is wrong (C1)."""

import asyncio
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi import Request as HttpRequest
from pydantic import Field

from services.credit.api.customer_file import Entry, Fault, NotCustomers, read_customers
from services.credit.api.shown import Shown
from services.credit.domain.policy import Policy
from services.credit.store.imports import keep_report, load_report
from services.credit.usecases.change_customers import ChangeCustomer, Changed, Register, change_customers
from services.credit.usecases.request import Request
from shared.ids import customer_id_of
from shared.messaging.customers import lock_customers
from shared.service import Context
from shared.web.idempotency import origin_of
from shared.web.keys import Reader, Writer
from shared.web.problem_types import INVALID, NOT_FOUND
from shared.web.problems import Problem
from shared.web.routing import router, streamed

MAX_FILE_BYTES = 8 * 1024 * 1024
PORTION_LINES = 500
REPORTED_ERRORS = 1000


class RowErrorShown(Shown):
    """Why a line was refused; `column` is empty for the line as a whole."""

    line: int
    column: str
    reason: str


class ImportShown(Shown):
    """What became of a file; `refused` means that a strict import found a bad line and recorded none."""

    import_id: UUID
    strict: bool
    state: Literal["done", "refused"]
    rows_total: int
    rows_imported: Annotated[int, Field(description="Customers who are new, or of whom something changed.")]
    rows_known: Annotated[int, Field(description="Customers of whom nothing changed.")]
    rows_refused: int
    errors: Annotated[list[RowErrorShown], Field(description="The first thousand.")]
    received_at: datetime


def imports_router(context: Context, policy: Policy) -> APIRouter:
    """Return the routes of imports."""
    routes = router(prefix="/v1/imports", tags=["imports"])

    @routes.post("", status_code=201, openapi_extra=streamed("text/csv", max_bytes=MAX_FILE_BYTES))
    async def import_customers(
        caller: Writer,
        http: HttpRequest,
        strict: Annotated[Literal["true", "false"], Query(description="Record all lines, or none.")] = "false",
    ) -> ImportShown:
        """Record new customers, and of known ones what the filled cells say; the same file again changes nothing."""
        request = Request(origin_of(caller), context.clock.now())
        content = b"".join([chunk async for chunk in http.stream()])
        try:
            report = await _import(context, policy, request, content, strict=strict == "true")
        except NotCustomers as error:
            raise Problem(INVALID, f"This is no file of customers: {error}.") from None
        async with context.begin() as connection:
            await keep_report(
                connection,
                import_id=report.import_id,
                actor=request.origin.actor,
                recorded_at=request.recorded_at,
                report=report.model_dump(mode="json"),
            )
        return report

    @routes.get("/{import_id}", response_model=ImportShown)
    async def show(_caller: Reader, import_id: UUID) -> Any:
        """Show the report of an import."""
        async with context.reading.connect() as connection:
            report = await load_report(connection, import_id)
        if report is None:
            raise Problem(NOT_FOUND)
        return json.loads(report)

    return routes


async def _import(context: Context, policy: Policy, request: Request, content: bytes, *, strict: bool) -> ImportShown:
    faults: list[Fault] = []
    total = imported = 0
    refused = strict and await _has_faults(content)
    for portion in _portions(read_customers(content)):
        entries = [each for each in portion if isinstance(each, Entry)]
        faults += [each for each in portion if isinstance(each, Fault)]
        total += len(portion)
        if not refused:
            imported += await _record(context, policy, request, entries)
    return ImportShown(
        import_id=request.origin.cause_id,
        strict=strict,
        state="refused" if refused else "done",
        rows_total=total,
        rows_imported=imported,
        rows_known=0 if refused else total - imported - len(faults),
        rows_refused=len(faults),
        errors=[RowErrorShown(**asdict(each)) for each in faults[:REPORTED_ERRORS]],
        received_at=request.recorded_at,
    )


async def _has_faults(content: bytes) -> bool:
    for portion in _portions(read_customers(content)):
        if any(isinstance(each, Fault) for each in portion):
            return True
        await asyncio.sleep(0)  # other requests get their turn while a large file is read
    return False


def _portions(lines: Iterable[Entry | Fault]) -> Iterator[list[Entry | Fault]]:
    portion: list[Entry | Fault] = []
    for line in lines:
        portion.append(line)
        if len(portion) == PORTION_LINES:
            yield portion
            portion = []
    if portion:
        yield portion


async def _record(context: Context, policy: Policy, request: Request, entries: Sequence[Entry]) -> int:
    """Record entries in one transaction and return of how many customers something changed."""
    commands = [_command(request, entry) for entry in entries]
    async with context.begin() as connection:
        await lock_customers(connection, {each.customer_id for each in commands}, partitions=context.partitions)
        results = await change_customers(connection, commands, policy=policy, outbox=context.outbox)
    await context.wake.outbox()
    return sum(1 for each in results if isinstance(each, Changed) and each.before != each.after)


def _command(request: Request, entry: Entry) -> ChangeCustomer:
    return ChangeCustomer(
        customer_id=customer_id_of(entry.facts["customer_number"]),
        change=Register(entry.facts, update=True),
        request=request.item(entry.line),
        source=f"import/{request.origin.cause_id}",
    )
