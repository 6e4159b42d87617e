"""The mailbox as a page and as JSON, for this machine only; nothing in a message is run or fetched."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from email.message import EmailMessage
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates
from starlette.middleware.trustedhost import TrustedHostMiddleware

from deploy.local.mailbox.receipts import Receipts
from deploy.local.mailbox.store import Mail, MailStore, letters_of, text_of
from deploy.local.mailbox.text_pages import text_routes
from deploy.local.mailbox.texts import TextStore

PAGE_SIZE = 50
_PAGES = Jinja2Templates(Path(__file__).with_name("templates"))  # escapes all it inserts into .html
_NAMES = ["127.0.0.1", "localhost", "mailbox"]  # the last among containers
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

Limit = Annotated[int, Query(ge=1, le=1000)]
Offset = Annotated[int, Query(ge=0)]


def create_app(store: MailStore, texts: TextStore, *, receipts: Receipts | None = None) -> FastAPI:
    """Return the application over the stores of mail and of text messages."""
    app = FastAPI(title="Dueflow mailbox", docs_url=None, redoc_url=None)
    # A page of another site must not read the mail through a name that it points at this machine.
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=_NAMES)
    app.middleware("http")(_add_headers)
    app.include_router(text_routes(texts, _PAGES, receipts))

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

    @app.get("/messages/{number}/letters/{index}")
    async def letter(number: int, index: int) -> Response:
        letters = letters_of(_read(store, number)[1])
        if not 0 <= index < len(letters):
            raise HTTPException(404, f"no letter {index} in message {number}")
        return Response(letters[index][1], media_type="application/pdf")

    @app.get("/api/v1/messages")
    async def list_messages(limit: Limit = 100, offset: Offset = 0, q: str = "") -> dict[str, Any]:
        total, mails = store.page(limit=limit, offset=offset, query=q)
        return {"total": total, "messages": [asdict(mail) for mail in mails]}

    @app.get("/api/v1/messages/{number}")
    async def show_message(number: int) -> dict[str, Any]:
        return _whole(store, number)

    return app


def _read(store: MailStore, number: int) -> tuple[Mail, EmailMessage]:
    try:
        return store.read(number)
    except LookupError as error:
        raise HTTPException(404, str(error)) from error


def _whole(store: MailStore, number: int) -> dict[str, Any]:
    mail, message = _read(store, number)
    letters = [name for name, _ in letters_of(message)]
    headers = [(name, str(value)) for name, value in message.items()]
    parts = {"text": text_of(message, "plain"), "html": text_of(message, "html"), "letters": letters}
    return {**asdict(mail), "headers": headers, **parts}


async def _add_headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await call_next(request)
    response.headers.update(_HEADERS)
    return response
