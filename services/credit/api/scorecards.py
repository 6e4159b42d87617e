"""Scorecards over HTTP: loaded as YAML from a day on, and read back (C2)."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import Field, StringConstraints
from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.api.shown import Shown, answer
from services.credit.gateways.scorecard_files import house_texts
from services.credit.store.scorecards import StoredScorecard, read_scorecards
from services.credit.usecases.know_scorecards import house_scorecards
from services.credit.usecases.load_scorecards import LoadScorecard, load_scorecards
from shared.service import Context
from shared.web.gather import Gatherer
from shared.web.idempotency import KeyedAdmin, StoredAnswer
from shared.web.keys import Admin
from shared.web.models import BusinessDate, SingleLine, StrictModel
from shared.web.problem_types import CONFLICT
from shared.web.problems import problems
from shared.web.routing import JsonBody, router


class ScorecardBody(StrictModel):
    """A scorecard as YAML text; `file` is how errors name it."""

    file: Annotated[str, SingleLine(200)]
    effective_from: BusinessDate
    document: Annotated[str, StringConstraints(min_length=1, max_length=100_000)]


class ScorecardShown(Shown):
    """A scorecard and since when it holds; those of the house hold from the beginning, and nobody loaded them."""

    name: str
    version: int
    effective_from: date
    document: str
    loaded_by: str | None
    loaded_at: datetime | None


class ScorecardsShown(Shown):
    """Every scorecard that was ever loaded; those of the house come first."""

    items: Annotated[list[ScorecardShown], Field(description="By name and version")]


def scorecards_router(context: Context) -> APIRouter:
    """Return the routes of scorecards."""
    routes = router(prefix="/v1/scorecards", tags=["scores"])

    async def execute(connection: AsyncConnection, commands: Sequence[LoadScorecard]) -> Sequence[Any]:
        return await load_scorecards(connection, commands)

    loading: Gatherer[LoadScorecard, StoredScorecard] = Gatherer(lane=context.single, execute=execute, render=_loaded)

    @routes.post("", status_code=201, response_model=ScorecardShown, responses=problems(CONFLICT))
    async def load(body: JsonBody[ScorecardBody], keyed: KeyedAdmin) -> Response:
        """Load a scorecard that holds from a business day that has not come yet; its version must be a new one."""
        command = LoadScorecard(
            file=body.file,
            document=body.document,
            effective_from=body.effective_from,
            loaded_by=keyed.origin.actor,
            loaded_at=context.clock.now(),
        )
        return (await loading.submit(keyed.work(command))).response()

    @routes.get("")
    async def listing(_caller: Admin) -> ScorecardsShown:
        """List the scorecards."""
        async with context.reading.connect() as connection:
            stored = await read_scorecards(connection)
        return ScorecardsShown(items=[*_house(), *(_shown(each) for each in stored)])

    return routes


def _house() -> list[ScorecardShown]:
    return [
        ScorecardShown(
            name=each.scorecard.name,
            version=each.scorecard.version,
            effective_from=each.effective_from,
            document=text,
            loaded_by=None,
            loaded_at=None,
        )
        for each, text in zip(house_scorecards(), house_texts().values(), strict=True)
    ]


def _loaded(stored: StoredScorecard) -> StoredAnswer:
    return answer(201, _shown(stored).model_dump(mode="json"))


def _shown(stored: StoredScorecard) -> ScorecardShown:
    return ScorecardShown(
        name=stored.name,
        version=stored.version,
        effective_from=stored.effective_from,
        document=stored.document,
        loaded_by=stored.loaded_by,
        loaded_at=stored.loaded_at,
    )
