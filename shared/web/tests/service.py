"""A whole small service on the edge: what a real one looks like, and what the tests of the fault list talk to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated
from uuid import UUID

import uvicorn
from fastapi import FastAPI, Request, Response
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.web.app import create_app
from shared.web.cursor import Cursors, Listing, Page
from shared.web.idempotency import Keyed
from shared.web.keys import Admin, KeyFile, Public, Reader, Scope, Writer
from shared.web.models import (
    AmountText,
    BusinessDate,
    CountryCode,
    Currency,
    Instant,
    MoneyText,
    MultiLine,
    PositiveAmountText,
    SingleLine,
    StrictModel,
    ZoneName,
)
from shared.web.problem_types import CONFLICT, ProblemType
from shared.web.problems import Problem, problems
from shared.web.routing import JsonBody, router, streamed
from shared.web.tests.shelf import Shelf
from shared.web.versions import IfMatch, etag, stale

TAKEN = ProblemType("name-taken", 409, "There is a thing of that name", "Choose another name.")
KEYS = {"erp": "erp-key-0123456789", "reader": "reader-key-0123456789", "boss": "boss-key-0123456789"}
SCOPES: dict[str, frozenset[Scope]] = {
    "erp": frozenset({"read", "write"}),
    "reader": frozenset({"read"}),
    "boss": frozenset({"read", "write", "admin"}),
}


class ThingBody(StrictModel):
    """A thing to be put on the shelf."""

    name: Annotated[str, SingleLine(80)]


class EveryType(StrictModel):
    """One member of each type that bodies are made of."""

    amount: AmountText | None = None
    paid: PositiveAmountText | None = None
    price: MoneyText | None = None
    currency: Currency | None = None
    count: int | None = None
    flag: bool | None = None
    due_date: BusinessDate | None = None
    occurred_at: Instant | None = None
    customer_id: UUID | None = None
    name: Annotated[str, SingleLine(80)] | None = None
    note: Annotated[str, MultiLine(200)] | None = None
    country: CountryCode | None = None
    zone: ZoneName | None = None


things = router(prefix="/v1", tags=["things"])


@things.post("/things", status_code=201, responses=problems(TAKEN, CONFLICT))
async def put_thing(request: Request, body: JsonBody[ThingBody], keyed: Keyed) -> Response:
    """Put a thing on the shelf."""
    shelf: Shelf = request.app.state.shelf
    return (await shelf.gatherer.submit(keyed.work(body.name))).response()


@things.get("/things")
async def list_things(_caller: Reader, request: Request, paging: Listing, starts: str = "") -> Page[str]:
    """List the things in the order of their names."""
    engine: AsyncEngine = request.app.state.shelf.engine
    after = str(paging.after[0]) if paging.after else ""
    async with engine.connect() as connection:
        rows = list(
            await connection.scalars(
                text(
                    "SELECT name FROM thing WHERE name > :after AND starts_with(name, :starts) ORDER BY name LIMIT :n"
                ),
                {"after": after, "starts": starts, "n": paging.limit + 1},
            )
        )
    return Page(items=rows[: paging.limit], next_cursor=paging.next_cursor(rows, lambda name: [name]))


@things.post("/echo")
async def echo(_caller: Writer, body: JsonBody[EveryType]) -> EveryType:
    """Read one of each type and say what was read."""
    return body


@things.get("/things/{thing_id}")
async def one_thing(_caller: Reader, thing_id: UUID) -> dict[str, str]:
    """Find a thing by an id that nothing has."""
    raise Problem(CONFLICT, members={"open_amount": "12.00", "status": 1, "thing_id": str(thing_id)})


@things.put("/things/{thing_id}")
async def replace_thing(_caller: Admin, thing_id: UUID, version: IfMatch, response: Response) -> dict[str, str]:
    """Change a thing that is at version 7."""
    if version != 7:
        raise stale()
    response.headers["ETag"] = etag(8)
    return {"thing_id": str(thing_id)}


@things.post("/imports", openapi_extra=streamed("text/csv", max_bytes=3_000_000))
async def import_things(_caller: Writer, request: Request) -> dict[str, int]:
    """Count the bytes of a file without ever holding it."""
    count = 0
    async for chunk in request.stream():
        count += len(chunk)
    return {"bytes": count}


@things.get("/fault", dependencies=[Public])
async def fault() -> None:
    """Fail as code fails that nobody foresaw."""
    raise LookupError("secret-value")


@things.get("/slow", dependencies=[Public])
async def slow(seconds: float) -> dict[str, float]:
    """Answer later."""
    await asyncio.sleep(seconds)
    return {"seconds": seconds}


def build_service(shelf: Shelf, key_file: Path, *, rate_per_second: float = 10_000) -> FastAPI:
    """Return the service's application."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.shelf = shelf
        yield
        await shelf.gatherer.close()

    async def database() -> None:
        async with shelf.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    return create_app(
        title="Shelf",
        version="1",
        description="Keeps things.",
        routers=[things],
        keys=KeyFile(key_file),
        cursors=Cursors(b"a secret of this test"),
        readiness={"database": database},
        problem_types=(TAKEN,),
        rate_per_second=rate_per_second,
        lifespan=lifespan,
    )


def bearer(name: str) -> dict[str, str]:
    """The header of a named caller."""
    return {"Authorization": f"Bearer {KEYS[name]}"}


def url_of(process: uvicorn.Server) -> str:
    """Where a started server listens."""
    return f"http://127.0.0.1:{process.servers[0].sockets[0].getsockname()[1]}"
