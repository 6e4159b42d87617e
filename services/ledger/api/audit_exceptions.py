"""Reports what was out of the ordinary, by person and month, and shows the records behind each figure (L17)."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from services.ledger.api.csv_cells import ALSO_CSV, Cell, csv_response, csv_stream, wants_csv
from services.ledger.settings import LedgerSettings
from services.ledger.store.audit_exceptions import (
    ExceptionQuestion,
    ExceptionRecord,
    Kind,
    count_exceptions,
    list_exceptions,
)
from shared.service import Context
from shared.web.cursor import Listing, Page, Position
from shared.web.keys import Reader
from shared.web.models import SingleLine
from shared.web.routing import router

_PORTION = 1000
_FIRST = (0, "")
Month = Annotated[
    str,
    Query(pattern=r"^(199[0-9]|20[0-9]{2})-(0[1-9]|1[0-2])$", examples=["2026-03"], description="Of business days."),
]
Actor = Annotated[str, SingleLine(64)]


class ExceptionCountShown(BaseModel):
    """How many exceptions of a kind a person made; without a person, all of them together."""

    actor: str | None
    exception: Kind
    records: int


class ExceptionsShown(BaseModel):
    """The exceptions of a month."""

    month: str
    back_dated_days: Annotated[
        int, Field(description="A document is back-dated when it took effect earlier than that.")
    ]
    items: list[ExceptionCountShown]


class ExceptionShown(BaseModel):
    """A record of the audit, and why it is an exception."""

    exception: Kind
    customer_id: UUID | None
    actor: str
    action: str
    subject: str
    details: dict[str, Any]
    effective_date: date
    business_date: date
    recorded_at: datetime


def audit_exceptions_router(context: Context) -> APIRouter:
    """Return the report of exceptions."""
    routes = router(prefix="/v1/audit/exceptions", tags=["reports"])
    settings: LedgerSettings = context.settings

    def asked(month: Month, actor: Actor | None = None, exception: Kind | None = None) -> ExceptionQuestion:
        first = date.fromisoformat(f"{month}-01")
        return ExceptionQuestion(
            first=first,
            end=date(first.year + first.month // 12, first.month % 12 + 1, 1),
            back_dated_days=settings.back_dated_days,
            actor=actor,
            kind=exception,
        )

    Asked = Annotated[ExceptionQuestion, Depends(asked)]  # noqa: N806 - a type

    @routes.get("", response_model=ExceptionsShown, responses=ALSO_CSV)
    async def exceptions(
        _caller: Reader, request: Request, question: Asked, by: Literal["person", "kind"] = "person"
    ) -> Response | ExceptionsShown:
        """Count a month's exceptions of each kind, person by person or in all."""
        async with context.reading.connect() as connection:
            found = await count_exceptions(connection, question, by_person=by == "person")
        month = f"{question.first:%Y-%m}"
        if wants_csv(request):
            head = list(ExceptionCountShown.model_fields)
            return csv_response([head, *(list(asdict(each).values()) for each in found)], name=f"exceptions-{month}")
        return ExceptionsShown(
            month=month,
            back_dated_days=question.back_dated_days,
            items=[ExceptionCountShown.model_validate(each, from_attributes=True) for each in found],
        )

    @routes.get("/records", response_model=Page[ExceptionShown], responses=ALSO_CSV)
    async def exception_records(
        _caller: Reader, request: Request, paging: Listing, question: Asked
    ) -> Response | Page[ExceptionShown]:
        """List the records behind the figures, in the order of recording; as CSV, all of them."""
        if wants_csv(request):
            return csv_stream(_portions(context, question), name=f"exceptions-{question.first:%Y-%m}")
        after = (int(paging.after[0] or 0), str(paging.after[1])) if paging.after else _FIRST
        async with context.reading.connect() as connection:
            rows = await list_exceptions(connection, question, after=after, limit=paging.limit + 1)
        return Page(
            items=[ExceptionShown.model_validate(each, from_attributes=True) for each in rows[: paging.limit]],
            next_cursor=paging.next_cursor(rows, _position),
        )

    return routes


def _position(record: ExceptionRecord) -> Position:
    return [record.id, record.exception]


async def _portions(context: Context, question: ExceptionQuestion) -> AsyncIterator[list[Sequence[Cell]]]:
    names = list(ExceptionShown.model_fields)
    yield [names]
    after = _FIRST
    while True:
        async with context.reading.connect() as connection:
            rows = await list_exceptions(connection, question, after=after, limit=_PORTION)
        yield [[getattr(each, name) for name in names] for each in rows]
        if len(rows) < _PORTION:
            return
        after = rows[-1].id, rows[-1].exception
