"""Writes reports as CSV that a spreadsheet opens as figures and text, and never as formulas (faults 3.47, 4.18)."""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from shared.money import format_amount

MEDIA_TYPE: Final = "text/csv"
ALSO_CSV: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}},
}
"""The `responses=` of a route that answers in CSV where the header Accept asks for it."""

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\x00")

Cell = object


def wants_csv(request: Request) -> bool:
    """Whether the caller named CSV; who takes anything gets JSON."""
    return MEDIA_TYPE in request.headers.get("accept", "").lower()


def amount(minor: int, currency: str) -> Decimal:
    """Return an amount that is written as a number, so that a negative one stays one."""
    return Decimal(format_amount(minor, currency))


def csv_text(rows: Iterable[Sequence[Cell]]) -> str:
    """Return rows as CSV; text that could begin a formula gets an apostrophe before it, numbers stay as they are."""
    out = io.StringIO()
    csv.writer(out).writerows([_safe(cell) for cell in row] for row in rows)
    return out.getvalue()


def csv_response(rows: Iterable[Sequence[Cell]], *, name: str) -> Response:
    """Return a table as a download."""
    return Response(csv_text(rows), media_type=MEDIA_TYPE, headers=_download(name))


def csv_stream(portions: AsyncIterator[Iterable[Sequence[Cell]]], *, name: str) -> Response:
    """Return a download of rows that are fetched a portion at a time."""

    async def body() -> AsyncIterator[str]:
        async for portion in portions:
            yield csv_text(portion)

    return StreamingResponse(body(), media_type=MEDIA_TYPE, headers=_download(name))


def _safe(cell: Cell) -> str:
    if cell is None:
        return ""
    text = str(cell)
    return f"'{text}" if isinstance(cell, str) and text.startswith(_FORMULA_STARTS) else text


def _download(name: str) -> Mapping[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}.csv"'}
