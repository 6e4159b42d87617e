"""Many documents in one request: each is read, carried out and answered alone, all in one transaction (faults 3.50)."""

import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.domain.refusals import Invalid
from services.ledger.usecases.refusals import problem_of
from shared.service import Context
from shared.web.gather import Gatherer
from shared.web.idempotency import KeyedRequest, StoredAnswer
from shared.web.models import StrictModel
from shared.web.problems import Problem
from shared.web.refusals import invalid

B = TypeVar("B", bound=StrictModel)
C = TypeVar("C")
R = TypeVar("R")

MAX_ITEMS = 500
"""How many documents one request may hold; an import takes more."""

Execute = Callable[[AsyncConnection, Sequence[C]], Awaitable[Sequence[R | Problem]]]


@dataclass(frozen=True, slots=True)
class _Request(Generic[C]):
    """What was asked for in one request: commands, and the problems of items that are none."""

    items: Sequence[C | Problem]

    def commands(self) -> list[C]:
        return [item for item in self.items if not isinstance(item, Problem)]


class Bulk(Generic[B, C, R]):
    """The bulk form of a use case: `body` reads an item, `name` is what an answered item calls its `view`."""

    def __init__(
        self,
        context: Context,
        *,
        body: type[B],
        execute: Execute[C, R],
        name: str,
        view: Callable[[R], BaseModel],
    ) -> None:
        self._body = body
        self._execute = execute
        self._name = name
        self._view = view
        self._gatherer: Gatherer[_Request[C], Sequence[R | Problem]] = Gatherer(
            lane=context.bulk, execute=self._execute_all, render=self._render
        )

    async def submit(
        self,
        keyed: KeyedRequest,
        items: Sequence[dict[str, Any]],
        *,
        command: Callable[[B], C],
        customer: Callable[[C], UUID],
    ) -> Response:
        """Return the answer 207 with one result for each item, in their order."""
        request = _Request([self._read(item, command) for item in items])
        customers = [customer(each) for each in request.commands()]
        return (await self._gatherer.submit(keyed.work(request, customer_ids=customers))).response()

    def _read(self, item: dict[str, Any], command: Callable[[B], C]) -> C | Problem:
        try:
            return command(self._body.model_validate_json(json.dumps(item)))
        except ValidationError as error:
            return invalid(error)
        except Invalid as refusal:
            return problem_of(refusal)

    async def _execute_all(
        self, connection: AsyncConnection, requests: Sequence[_Request[C]]
    ) -> Sequence[Sequence[R | Problem]]:
        commands = [command for request in requests for command in request.commands()]
        results = iter(await self._execute(connection, commands)) if commands else iter(())
        return [
            [item if isinstance(item, Problem) else next(results) for item in request.items] for request in requests
        ]

    def _render(self, results: Sequence[R | Problem]) -> StoredAnswer:
        body = json.dumps({"results": list(self._shown(results))}, ensure_ascii=False)
        return StoredAnswer(207, body.encode())

    def _shown(self, results: Sequence[R | Problem]) -> Iterator[dict[str, Any]]:
        for result in results:
            if isinstance(result, Problem):
                problem = {name: value for name, value in result.body().items() if name != "request_id"}
                yield {"status": result.kind.status, "problem": problem}
            else:
                yield {"status": 201, self._name: self._view(result).model_dump(mode="json")}
