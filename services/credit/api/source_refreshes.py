"""Refreshes profiles from outside sources, and says what came of it (C1)."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from services.credit.api.shown import Shown
from services.credit.domain.policy import Policy
from services.credit.gateways.outside_sources import BadFinding, Finding, OutsideSources
from services.credit.usecases.refresh_profiles import Refreshed, refresh_profiles
from services.credit.usecases.request import Request
from shared.ids import customer_id_of
from shared.messaging.customers import lock_customers
from shared.service import Context
from shared.web.idempotency import origin_of
from shared.web.keys import Writer
from shared.web.problem_types import CONFLICT
from shared.web.problems import Problem, problems
from shared.web.routing import router

PORTION = 500
REPORTED_ERRORS = 1000

Numbered = tuple[int, Finding]


class BadFindingShown(Shown):
    """An entry that could not be read."""

    source: str
    place: str
    field: str
    reason: str


class RefreshShown(Shown):
    """What became of everything that the sources said."""

    changed: Annotated[int, Field(description="Findings by which something changed.")]
    confirmed: Annotated[int, Field(description="Findings that say what is known already.")]
    outdated: Annotated[int, Field(description="Findings older than what is known.")]
    unknown: Annotated[int, Field(description="Findings about nobody who is registered.")]
    refused: int
    errors: Annotated[list[BadFindingShown], Field(description="The first thousand.")]


def source_refreshes_router(context: Context, policy: Policy, sources: OutsideSources | None) -> APIRouter:
    """Return the route that refreshes profiles."""
    routes = router(prefix="/v1/source-refreshes", tags=["customers"])

    @routes.post("", status_code=201, responses=problems(CONFLICT))
    async def refresh(caller: Writer) -> RefreshShown:
        """Read all sources now; a second time changes nothing, so that it may simply be repeated."""
        if sources is None:
            raise Problem(CONFLICT, "No outside source is set up: DUEFLOW_CREDIT_SOURCES_FOLDER names their folder.")
        request = Request(origin_of(caller), context.clock.now())
        found = await asyncio.to_thread(lambda: list(sources.read()))
        findings = [(number, each) for number, each in enumerate(found) if isinstance(each, Finding)]
        total = Refreshed()
        for start in range(0, len(findings), PORTION):
            total += await _record(context, policy, request, findings[start : start + PORTION])
        bad = [each for each in found if isinstance(each, BadFinding)]
        errors = [BadFindingShown(**asdict(each)) for each in bad[:REPORTED_ERRORS]]
        return RefreshShown(**asdict(total), refused=len(bad), errors=errors)

    return routes


async def _record(context: Context, policy: Policy, request: Request, findings: Sequence[Numbered]) -> Refreshed:
    ids = {customer_id_of(each.customer_number) for _, each in findings}
    async with context.begin() as connection:
        await lock_customers(connection, ids, partitions=context.partitions)
        refreshed = await refresh_profiles(connection, findings, request=request, policy=policy, outbox=context.outbox)
    await context.wake.outbox()
    return refreshed
