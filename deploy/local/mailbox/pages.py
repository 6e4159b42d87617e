"""The mailbox as a page and as JSON, for this machine only; nothing in a message is run or fetched."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates
from starlette.middleware.trustedhost import TrustedHostMiddleware

from deploy.local.mailbox.store import MailStore, text_of

PAGE_SIZE = 50
_PAGES = Jinja2Templates(Path(__file__).with_name("templates"))  # escapes all it inserts into .html
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

Limit = Annotated[int, Query(ge=1, le=1000)]
Offset = Annotated[int, Query(ge=0)]


def create_app(store: MailStore) -> FastAPI:
    """Return the application over one store."""
    app = FastAPI(title="Dueflow mailbox", docs_url=None, redoc_url=None)
    # A page of another site must not read the mail through a name that it points at this machine.
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
    app.middleware("http")(_add_headers)

    @app.get("/readyz")
    async def readyz() -> dict[str, str]:
        return {"status": "ready"}

    @app.get("/")
    async def list_page(request: Request, q: str = "", offset: Offset = 0) -> HTMLResponse:
        total, mails = store.page(limit=PAGE_SIZE, offset=offset, query=q)
        shown = {"mails": mails, "total": total, "q": q, "offset": offset, "page_size": PAGE_SIZE}
        return _PAGES.TemplateResponse(request, "list.html", shown)

    @app.get("/messages/{number}")
    async def message_page(request: Request, number: int) -> HTMLResponse:
        return _PAGES.TemplateResponse(request, "message.html", _whole(store, number))

    @app.get("/api/v1/messages")
    async def list_messages(limit: Limit = 100, offset: Offset = 0, q: str = "") -> dict[str, Any]:
        total, mails = store.page(limit=limit, offset=offset, query=q)
        return {"total": total, "messages": [asdict(mail) for mail in mails]}

    @app.get("/api/v1/messages/{number}")
    async def show_message(number: int) -> dict[str, Any]:
        return _whole(store, number)

    return app


def _whole(store: MailStore, number: int) -> dict[str, Any]:
    try:
        mail, message = store.read(number)
    except LookupError as error:
        raise HTTPException(404, str(error)) from error
    headers = [(name, str(value)) for name, value in message.items()]
    return {**asdict(mail), "headers": headers, "text": text_of(message, "plain"), "html": text_of(message, "html")}


async def _add_headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await call_next(request)
    response.headers.update(_HEADERS)
    return response
