"""Builds a service's web application: its routers behind the shared edge, its health, figures and documents."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, FastAPI, Query, Response
from fastapi_offline import FastAPIOffline

from shared.observe import metrics
from shared.web import refusals
from shared.web.cursor import Cursors
from shared.web.edge import Edge
from shared.web.keys import KeyFile, Public, RateLimit
from shared.web.problem_types import COMMON, NOT_FOUND, UNAVAILABLE, ProblemType
from shared.web.problems import SCHEMA, Problem, problems
from shared.web.routing import router, undeclared_routes

Check = Callable[[], Awaitable[None]]
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]

CHECK_SECONDS = 2

log = structlog.get_logger(__name__)


def create_app(
    *,
    title: str,
    version: str,
    description: str,
    routers: Sequence[APIRouter],
    keys: KeyFile,
    cursors: Cursors,
    readiness: Mapping[str, Check],
    problem_types: Sequence[ProblemType] = (),
    rate_per_second: float = 2000,
    lifespan: Lifespan | None = None,
) -> FastAPI:
    """Return the application; a route that does not declare who may call it is an error here and now.

    `readiness` names checks that raise while the service cannot serve. `problem_types` are the service's own refusals.
    """
    app: FastAPI = FastAPIOffline(
        title=title,
        version=version,
        description=description,
        lifespan=lifespan,
        redirect_slashes=False,
        responses=problems(*COMMON),
    )
    app.state.keys = keys
    app.state.rate = RateLimit(rate_per_second)
    app.state.cursors = cursors
    for each in (*routers, _health(readiness), _catalog((*COMMON, *problem_types))):
        app.include_router(each)
    if undeclared := undeclared_routes(app):
        message = f"routes that declare no access: {', '.join(undeclared)}"
        raise ValueError(message)
    refusals.install(app)
    app.add_middleware(Edge)
    _name_the_problem(app)
    return app


def _name_the_problem(app: FastAPI) -> None:
    """Write the schema of problems once into the OpenAPI document, to which every route refers."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        document = generate()
        document["components"]["schemas"]["Problem"] = SCHEMA
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend the document


def _health(readiness: Mapping[str, Check]) -> APIRouter:
    health = router(tags=["health"])

    @health.get("/livez", dependencies=[Public])
    async def livez() -> dict[str, str]:
        """Say that the process answers; restart it when it does not."""
        return {"status": "live"}

    @health.get("/readyz", dependencies=[Public])
    async def readyz() -> dict[str, Any]:
        """Say whether what the service needs is there; 503 names what is not."""
        results = await asyncio.gather(*(_check(name, check) for name, check in readiness.items()))
        checks = dict(zip(readiness, results, strict=True))
        if not all(results):
            shown = {name: "ok" if passed else "failing" for name, passed in checks.items()}
            raise Problem(UNAVAILABLE, headers={"Retry-After": "2"}, members={"checks": shown})
        return {"status": "ready", "checks": dict.fromkeys(checks, "ok")}

    @health.get("/metrics", dependencies=[Public], response_class=_Figures)
    async def figures(names: Annotated[list[str], Query(alias="name[]", max_length=100)] = []) -> Response:  # noqa: B006 - only read
        """Return this process's figures for Prometheus; `name[]` asks for some of them, as its clients do."""
        text, media_type = metrics.exposition(names)
        return Response(text, media_type=media_type)

    return health


class _Figures(Response):
    media_type = "text/plain"


async def _check(name: str, check: Check) -> bool:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await check()
    except Exception as error:  # noqa: BLE001 - whatever stops the check, the service is not ready
        log.warning("not_ready", check=name, cause=type(error).__qualname__)
        return False
    return True


def _catalog(kinds: Sequence[ProblemType]) -> APIRouter:
    by_slug = {kind.slug: kind for kind in kinds}
    catalog = router(tags=["problems"])

    @catalog.get("/problems/{slug}", dependencies=[Public])
    async def problem_type(slug: str) -> dict[str, Any]:
        """Explain a type of problem: what it means and what to do."""
        if (kind := by_slug.get(slug)) is None:
            raise Problem(NOT_FOUND)
        return {"type": kind.uri, "title": kind.title, "status": kind.status, "meaning": kind.meaning}

    return catalog
