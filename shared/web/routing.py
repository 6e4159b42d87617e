"""A route that reads nothing loosely: access first, then query, media types and body, before any code of a service."""

from collections.abc import Callable, Coroutine, Iterator
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.datastructures import DefaultPlaceholder
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from shared.web import reading
from shared.web.keys import Needs, anyone

MAX_BODY_BYTES = 1024 * 1024
BODY_LIMIT = "x-max-body-bytes"
# Made by fastapi-offline; they show what /openapi.json says and read nothing.
DOCUMENT_PAGES = frozenset({"/docs", "/docs/oauth2-redirect", "/redoc"})

T = TypeVar("T", bound=BaseModel)


class _FromJson:
    """Validates the bytes of a body in pydantic's JSON mode, where strict still reads dates and ids from strings."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        model = handler(source)
        return core_schema.json_or_python_schema(json_schema=model, python_schema=core_schema.json_schema(model))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(schema["json_schema"])


JsonBody = Annotated[T, _FromJson()]


def router(*, prefix: str = "", tags: list[str] | None = None) -> APIRouter:
    """Return a router of strict routes; a path has one spelling, so nothing is redirected."""
    return APIRouter(prefix=prefix, tags=list(tags or []), route_class=StrictRoute, redirect_slashes=False)


def streamed(*media_types: str, max_bytes: int) -> dict[str, Any]:
    """Return the `openapi_extra=` of a route that reads `request.stream()`: it states and enforces formats and size."""
    content = {media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in media_types}
    return {"requestBody": {"required": True, "content": content}, BODY_LIMIT: max_bytes}


class StrictRequest(Request):
    """A request whose JSON was checked, and is handed on as the bytes that the model reads."""

    async def json(self) -> Any:
        """Return the bytes of the body."""
        return await self.body()


class StrictRoute(APIRoute):
    """Does the edge's checks, each once, in the order in which an outsider learns least."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's handler behind the checks."""
        answer = super().get_route_handler()
        access = declared_access(self)
        query = frozenset(_query_names(self))
        extra = self.openapi_extra or {}
        produced = _produced(self)
        accepted = frozenset(extra.get("requestBody", {}).get("content", ()))

        async def strictly(request: Request) -> Response:
            receive = reading.bounded(request, max_bytes=extra.get(BODY_LIMIT, MAX_BODY_BYTES))
            strict = StrictRequest(request.scope, receive)
            if isinstance(access, Needs):
                await access(strict)
            reading.check_accept(strict, produced=produced)
            reading.check_query(strict, known=query)
            if accepted:
                reading.check_media_type(strict, accepted=accepted)
            elif self.body_field is not None:
                await reading.check_json(strict)
            return await answer(strict)

        return strictly


def undeclared_routes(app: FastAPI) -> list[str]:
    """Return the operations that are no strict routes, or say neither what they need nor that they are public."""
    return [
        f"{'/'.join(sorted(context.methods or ()))} {context.path}"
        for context in iter_route_contexts(app.routes)
        if isinstance(route := context.original_route, APIRoute)
        and context.path not in DOCUMENT_PAGES
        and not (isinstance(route, StrictRoute) and declared_access(route))
    ]


def declared_access(route: APIRoute) -> Callable[..., Any] | None:
    """Return the route's `Needs`, `anyone` where it is public, or None where it says nothing."""
    calls = [dependant.call for dependant in _dependants(route.dependant)]
    return next((call for call in calls if isinstance(call, Needs) or call is anyone), None)


def _dependants(dependant: Dependant) -> Iterator[Dependant]:
    for child in dependant.dependencies:
        yield child
        yield from _dependants(child)


def _query_names(route: APIRoute) -> Iterator[str]:
    for dependant in (route.dependant, *_dependants(route.dependant)):
        for field in dependant.query_params:
            annotation = field.field_info.annotation
            if isinstance(annotation, type) and issubclass(annotation, BaseModel):
                yield from (info.alias or name for name, info in annotation.model_fields.items())
            else:
                yield field.alias


def _produced(route: APIRoute) -> frozenset[str]:
    """Return the media type of the route's response class, and those that its 200 documents beside it."""
    chosen = route.response_class
    response = chosen.value if isinstance(chosen, DefaultPlaceholder) else chosen
    documented = route.responses.get(200, {}).get("content", ())
    return frozenset({response.media_type or "application/json", *documented})
