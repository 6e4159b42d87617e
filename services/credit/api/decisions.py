"""Takes the decisions of people about a customer: a limit, the blacklist, an insolvency (C4 by hand, C9)."""

from uuid import UUID

from fastapi import APIRouter, Response

from services.credit.api.asking import asked
from services.credit.api.bodies import Decide, RecordInsolvency, SetLimit
from services.credit.api.customer_shown import CustomerShown
from services.credit.api.customers import Changes, versioned
from services.credit.usecases import change_customers as use
from services.credit.usecases.change_customers import Amend, Blacklist, ChangeCustomer, Delist, WithdrawInsolvency
from shared.service import Context
from shared.web.idempotency import Keyed, KeyedRequest
from shared.web.problem_types import CONFLICT, NOT_FOUND
from shared.web.problems import problems
from shared.web.routing import JsonBody, router

Change = Amend | use.Decision


def decisions_router(context: Context, changes: Changes) -> APIRouter:
    """Return the routes of decisions."""
    routes = router(prefix="/v1/customers/{customer_id}", tags=["decisions"])

    async def decide(keyed: KeyedRequest, customer_id: UUID, change: Change, note: str | None) -> Response:
        command = ChangeCustomer(customer_id=customer_id, change=change, request=asked(context, keyed), note=note)
        return versioned(await changes.submit(keyed.work(command, customer_ids=[customer_id])))

    @routes.put("/limit", response_model=CustomerShown, responses=problems(NOT_FOUND))
    async def set_limit(customer_id: UUID, body: JsonBody[SetLimit], keyed: Keyed) -> Response:
        """Set the customer's limit; orders are measured by it from now."""
        return await decide(keyed, customer_id, Amend({"limit": body.money()}), body.reason)

    @routes.post("/blacklisting", response_model=CustomerShown, responses=problems(NOT_FOUND, CONFLICT))
    async def blacklist(customer_id: UUID, body: JsonBody[Decide], keyed: Keyed) -> Response:
        """Put the customer on the blacklist: every order is refused."""
        return await decide(keyed, customer_id, Blacklist(body.reason), body.note)

    @routes.post("/delisting", response_model=CustomerShown, responses=problems(NOT_FOUND, CONFLICT))
    async def delist(customer_id: UUID, body: JsonBody[Decide], keyed: Keyed) -> Response:
        """Take the customer off the blacklist."""
        return await decide(keyed, customer_id, Delist(body.reason), body.note)

    @routes.post("/insolvency", response_model=CustomerShown, responses=problems(NOT_FOUND, CONFLICT))
    async def record_insolvency(customer_id: UUID, body: JsonBody[RecordInsolvency], keyed: Keyed) -> Response:
        """Record that insolvency was opened: every order is refused."""
        return await decide(keyed, customer_id, use.RecordInsolvency(body.opened_date), body.note)

    @routes.post("/insolvency-withdrawal", response_model=CustomerShown, responses=problems(NOT_FOUND, CONFLICT))
    async def withdraw_insolvency(customer_id: UUID, body: JsonBody[Decide], keyed: Keyed) -> Response:
        """Take back that the customer is insolvent: the proceedings ended, or it was recorded in error."""
        return await decide(keyed, customer_id, WithdrawInsolvency(body.reason), body.note)

    return routes
