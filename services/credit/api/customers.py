"""Registers customers, shows them, and changes what is known of them (C1)."""

import json
from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.api import shown
from services.credit.api.asking import asked, known_profile
from services.credit.api.bodies import AmendCustomer, RegisterCustomer, RegisterCustomers
from services.credit.api.customer_shown import CustomerShown, customer_document
from services.credit.api.shown import ChangeShown
from services.credit.domain.policy import Policy
from services.credit.gateways.fact_documents import Code, GroupCode
from services.credit.store.changes import list_changes
from services.credit.store.profiles import list_profiles
from services.credit.usecases.change_customers import Amend, ChangeCustomer, Changed, Register, change_customers
from services.credit.usecases.request import Request
from shared.ids import customer_id_of
from shared.service import Context
from shared.web.cursor import Listing, Page
from shared.web.customers import CustomerNumber
from shared.web.gather import Gatherer, Lane
from shared.web.idempotency import Keyed, StoredAnswer
from shared.web.keys import Reader
from shared.web.problem_types import CONFLICT, NOT_FOUND, PRECONDITION_FAILED, PRECONDITION_REQUIRED
from shared.web.problems import Problem, problems
from shared.web.routing import JsonBody, router
from shared.web.versions import IfMatch, etag

Changes = Gatherer[ChangeCustomer, Changed]
Several = Sequence[ChangeCustomer]


def gather_changes(context: Context, policy: Policy, lane: Lane) -> Changes:
    """Return the gatherer of single changes of customers."""

    async def execute(connection: AsyncConnection, commands: Several) -> list[Changed | Problem]:
        return await change_customers(connection, commands, policy=policy, outbox=context.outbox)

    return Gatherer(lane=lane, execute=execute, render=_changed)


def customers_router(context: Context, policy: Policy, changes: Changes) -> APIRouter:
    """Return the routes of customers."""
    routes = router(prefix="/v1", tags=["customers"])
    batches = _gather_batches(context, policy)

    @routes.post("/customers", status_code=201, response_model=CustomerShown, responses=problems(CONFLICT))
    async def register(body: JsonBody[RegisterCustomer], keyed: Keyed) -> Response:
        """Register a customer; the same again answers 200 with the customer, other facts 409."""
        command = _register(body, asked(context, keyed))
        return versioned(await changes.submit(keyed.work(command, customer_ids=[command.customer_id])))

    @routes.post("/customers/batch", status_code=207)
    async def register_batch(body: JsonBody[RegisterCustomers], keyed: Keyed) -> Response:
        """Register up to 500 customers; each item has its own status, and one refused does not hold up the others."""
        request = asked(context, keyed)
        commands = [_register(item, request.item(ordinal)) for ordinal, item in enumerate(body.items)]
        ids = {command.customer_id for command in commands}
        return (await batches.submit(keyed.work(commands, customer_ids=sorted(ids)))).response()

    @routes.get("/customers")
    async def find(
        _caller: Reader,
        paging: Listing,
        customer_number: CustomerNumber | None = None,
        group: Annotated[GroupCode | None, Query()] = None,
        industry: Annotated[Code | None, Query()] = None,
    ) -> Page[CustomerShown]:
        """List customers by number."""
        async with context.reading.connect() as connection:
            rows = await list_profiles(
                connection,
                customer_number=customer_number,
                group=group,
                industry=industry,
                after=paging.after,
                rows=paging.limit + 1,
            )
        return Page(**paging.page(rows, position=lambda each: [each.customer_number], item=customer_document))

    @routes.get("/customers/{customer_id}", response_model=CustomerShown)
    async def show(_caller: Reader, customer_id: UUID, response: Response) -> dict[str, Any]:
        """Show a customer; the ETag is what a change has to name."""
        async with context.reading.connect() as connection:
            profile = await known_profile(connection, customer_id)
        response.headers["ETag"] = etag(profile.version)
        return customer_document(profile)

    @routes.patch(
        "/customers/{customer_id}",
        response_model=CustomerShown,
        responses=problems(NOT_FOUND, PRECONDITION_FAILED, PRECONDITION_REQUIRED),
    )
    async def amend(customer_id: UUID, body: JsonBody[AmendCustomer], version: IfMatch, keyed: Keyed) -> Response:
        """Set the named fields of the version that was read."""
        command = ChangeCustomer(
            customer_id=customer_id, change=Amend(body.stated(), version), request=asked(context, keyed)
        )
        return versioned(await changes.submit(keyed.work(command, customer_ids=[customer_id])))

    @routes.get("/customers/{customer_id}/history")
    async def history(_caller: Reader, customer_id: UUID, paging: Listing) -> Page[ChangeShown]:
        """List every change of a customer, newest first, with its source, who brought it and when."""
        async with context.reading.connect() as connection:
            await known_profile(connection, customer_id)
            rows = await list_changes(
                connection, subject=f"customer/{customer_id}", after=paging.after, rows=paging.limit + 1
            )
        return Page(**paging.page(rows, position=lambda each: [each.ordinal], item=change_shown))

    return routes


def versioned(answer: StoredAnswer) -> Response:
    """Return a customer's answer with its ETag."""
    response = answer.response()
    response.headers["ETag"] = etag(json.loads(answer.body)["version"])
    return response


def change_shown(row: Any) -> dict[str, Any]:
    """Return a recorded change as JSON."""
    plain = {name: getattr(row, name) for name in ChangeShown.model_fields}
    return {**plain, "before": json.loads(row.before), "after": json.loads(row.after)}


def _register(body: RegisterCustomer, request: Request) -> ChangeCustomer:
    return ChangeCustomer(
        customer_id=customer_id_of(body.customer_number), change=Register(body.stated()), request=request
    )


def _changed(result: Changed) -> StoredAnswer:
    return shown.answer(_status(result), customer_document(result.after))


def _status(result: Changed) -> int:
    return 201 if result.before is None else 200


def _gather_batches(context: Context, policy: Policy) -> Gatherer[Several, list[Changed | Problem]]:
    async def execute(
        connection: AsyncConnection, batches: Sequence[Several]
    ) -> list[list[Changed | Problem] | Problem]:
        commands = [command for batch in batches for command in batch]
        results = iter(await change_customers(connection, commands, policy=policy, outbox=context.outbox))
        return [[next(results) for _ in batch] for batch in batches]

    return Gatherer(lane=context.bulk, execute=execute, render=_several, limit=4)


def _several(results: list[Changed | Problem]) -> StoredAnswer:
    return shown.answer(207, {"results": [_item(each) for each in results]})


def _item(result: Changed | Problem) -> dict[str, Any]:
    if isinstance(result, Problem):
        return {"status": result.kind.status, "problem": result.body()}
    return {"status": _status(result), "customer": customer_document(result.after)}
