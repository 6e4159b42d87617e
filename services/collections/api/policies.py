"""Playbooks and stages over HTTP: loaded as YAML for a segment from a day on, and read back (K3)."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy.ext.asyncio import AsyncConnection

from services.collections.api.asking import Code
from services.collections.api.shown import Shown, answer
from services.collections.gateways.policy_models import OnlyDocument
from services.collections.store.policies import PLAYBOOK, STAGES, StoredPolicy
from services.collections.usecases.know_policies import house_document, house_policies, known_policies
from services.collections.usecases.load_policies import LoadPolicy, load_policies
from shared.service import Context
from shared.web.gather import Gatherer
from shared.web.idempotency import KeyedAdmin, StoredAnswer
from shared.web.keys import Admin
from shared.web.models import BusinessDate, StrictModel
from shared.web.routing import JsonBody, router

Document = Annotated[str, StringConstraints(min_length=1, max_length=100_000)]


class PolicyBody(StrictModel):
    """A policy as YAML text; without a segment it is for everybody."""

    name: Code
    effective_from: BusinessDate
    segment: OnlyDocument = OnlyDocument()
    document: Document


class PolicyShown(Shown):
    """A policy and its version, which is made of its content."""

    version: str
    name: str
    effective_from: date
    segment: dict[str, Any]
    document: str
    loaded_by: str
    loaded_at: datetime


class PoliciesShown(BaseModel):
    """Every policy that was ever loaded; that of the house comes first."""

    house_version: str
    house_document: str
    items: Annotated[list[PolicyShown], Field(description="By name and day")]


def policies_routers(context: Context) -> list[APIRouter]:
    """Return the routes of playbooks and of stage policies."""

    async def execute(connection: AsyncConnection, commands: Sequence[LoadPolicy]) -> Sequence[Any]:
        return await load_policies(connection, commands)

    loading: Gatherer[LoadPolicy, StoredPolicy] = Gatherer(lane=context.single, execute=execute, render=_loaded)
    return [
        _routes(context, loading, "/v1/playbooks", PLAYBOOK),
        _routes(context, loading, "/v1/stage-policies", STAGES),
    ]


def _routes(context: Context, loading: Gatherer[LoadPolicy, StoredPolicy], path: str, kind: str) -> APIRouter:
    routes = router(prefix=path, tags=["policies"])

    @routes.post("", status_code=201, response_model=PolicyShown)
    async def load(body: JsonBody[PolicyBody], keyed: KeyedAdmin) -> Response:
        """Load a policy that holds from a business day that has not come yet."""
        command = LoadPolicy(
            kind=kind,
            name=body.name,
            effective_from=body.effective_from,
            segment=body.segment.model_dump(exclude_defaults=True),
            document=body.document,
            loaded_by=keyed.origin.actor,
            loaded_at=context.clock.now(),
        )
        return (await loading.submit(keyed.work(command))).response()

    @routes.get("")
    async def listing(_caller: Admin) -> PoliciesShown:
        """List the policies."""
        async with context.reading.connect() as connection:
            stored = await known_policies(connection, kind)
        house = house_policies()
        version = (house.playbooks if kind == PLAYBOOK else house.stages)[0].policy.version
        return PoliciesShown(
            house_version=version, house_document=house_document(kind), items=[_shown(each) for each in stored]
        )

    return routes


def _loaded(policy: StoredPolicy) -> StoredAnswer:
    return answer(201, _shown(policy))


def _shown(policy: StoredPolicy) -> PolicyShown:
    return PolicyShown(
        version=policy.version,
        name=policy.name,
        effective_from=policy.effective_from,
        segment=policy.segment,
        document=policy.document,
        loaded_by=policy.loaded_by,
        loaded_at=policy.loaded_at,
    )
