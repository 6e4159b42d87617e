"""The text messages as a page and as JSON, and the provider that the mailbox plays for this machine."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates
from pydantic import BaseModel

from deploy.local.mailbox.receipts import Receipts, fate_of
from deploy.local.mailbox.texts import TextStore

PAGE_SIZE = 50


class Asked(BaseModel):
    """What the sender asks of a provider; the rest is of no interest here."""

    reference: str
    to: str
    template_id: str
    text: str


def text_routes(texts: TextStore, pages: Jinja2Templates, receipts: Receipts | None) -> APIRouter:
    """Return the routes over one store; without `receipts` nobody is told what became of a text message."""
    found = APIRouter()

    @found.get("/texts")
    async def texts_page(request: Request, q: str = "", offset: Annotated[int, Query(ge=0)] = 0) -> HTMLResponse:
        total, page = texts.page(limit=PAGE_SIZE, offset=offset, query=q)
        shown = {"texts": page, "total": total, "q": q, "offset": offset, "page_size": PAGE_SIZE}
        shown["fate_of"] = fate_of if receipts else None
        return pages.TemplateResponse(request, "texts.html", shown)

    @found.get("/api/texts")
    async def list_texts(
        limit: Annotated[int, Query(ge=1, le=1000)] = 100, offset: Annotated[int, Query(ge=0)] = 0, q: str = ""
    ) -> dict[str, Any]:
        total, page = texts.page(limit=limit, offset=offset, query=q)
        return {"total": total, "texts": [asdict(each) for each in page]}

    @found.post("/api/texts")
    async def take_text(asked: Asked) -> dict[str, str]:
        kept = texts.add(**asked.model_dump())
        if receipts is not None:
            # Before the answer: the sender's day goes on only then, so that its receipts are of the same day.
            await receipts.tell(kept)
        return {"status": "accepted", "id": str(kept.number)}

    return found
