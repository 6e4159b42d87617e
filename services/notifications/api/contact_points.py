"""The people at customers: recorded one by one or in batches, verified, and opted out (N3)."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import Any, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.api.asking import BATCH_ITEMS, Code, EmailText, Name, PhoneText, asked
from services.notifications.domain.contact import ContactPoint
from services.notifications.store import contact_points as store
from services.notifications.usecases.change_contact_points import (
    ChangeContactPoint,
    OptOut,
    Verify,
    change_contact_points,
)
from services.notifications.usecases.record_contact_points import Person, RecordContactPoint, record_contact_points
from services.notifications.usecases.request import Request
from shared.ids import customer_id_of
from shared.service import Context
from shared.web.cursor import Listing, Page
from shared.web.customers import CustomerNumber, NamedCustomer
from shared.web.gather import Gatherer
from shared.web.idempotency import Keyed, StoredAnswer
from shared.web.keys import Reader
from shared.web.models import StrictModel, ZoneName
from shared.web.problem_types import CONFLICT, NOT_FOUND
from shared.web.problems import Problem, problems
from shared.web.routing import JsonBody, router

Records = Sequence[RecordContactPoint]


class RecordPerson(StrictModel):
    """A person at a customer, with at least one address."""

    customer_number: CustomerNumber
    company_name: Name
    name: Name
    role: Code
    language: Literal["zh", "en"]
    zone: ZoneName
    email: EmailText | None = None
    phone: PhoneText | None = None
    verified: bool = False
    address_for_service: bool = False

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.email is None and self.phone is None:
            raise PydanticCustomError("address", "An e-mail address or a phone number is needed")
        return self

    def command(self, request: Request, ordinal: int = 0) -> RecordContactPoint:
        """Return the command to record the person."""
        return RecordContactPoint(person=Person(**dict(self)), request=request, ordinal=ordinal)


class RecordPeople(StrictModel):
    """Many people in one call."""

    items: list[RecordPerson] = Field(min_length=1, max_length=BATCH_ITEMS)


class VerifyPerson(StrictModel):
    """Name, role and authority are confirmed; the contract names this address for service, or does not."""

    address_for_service: bool


class OptOutPerson(StrictModel):
    """From which messages the person opts out."""

    scope: Literal["all", "before_due"]


class ContactPointShown(BaseModel):
    """A contact point as it stands."""

    model_config = ConfigDict(extra="forbid")

    contact_point_id: UUID
    customer_id: UUID
    customer_number: str
    company_name: str
    name: str
    role: str
    language: str
    zone: str
    email: str | None
    phone: str | None
    verified: bool
    address_for_service: bool
    opted_out: str | None
    email_invalid_reason: str | None
    phone_invalid_reason: str | None


def routes(context: Context) -> APIRouter:
    """Return the routes of contact points."""
    found = router(prefix="/v1/contact-points", tags=["contact points"])
    record = partial(record_contact_points, outbox=context.outbox)
    records = Gatherer(lane=context.single, execute=record, render=partial(_answer, 201))
    batches = Gatherer(lane=context.bulk, execute=partial(_record_batches, context), render=_several, limit=4)
    change = partial(change_contact_points, outbox=context.outbox)
    changes = Gatherer(lane=context.single, execute=change, render=partial(_answer, 200))

    @found.post("", status_code=201, response_model=ContactPointShown, responses=problems(CONFLICT))
    async def record_one(body: JsonBody[RecordPerson], keyed: Keyed) -> Response:
        """Record a person; one already known in this role at this address is a 409."""
        command = body.command(asked(context, keyed))
        return (await records.submit(keyed.work(command, customer_ids=[command.customer_id]))).response()

    @found.post("/batch", status_code=207)
    async def record_many(body: JsonBody[RecordPeople], keyed: Keyed) -> Response:
        """Record up to 500 people; each item has its own status."""
        request = asked(context, keyed)
        commands = [item.command(request, ordinal) for ordinal, item in enumerate(body.items)]
        customers = sorted({customer_id_of(item.customer_number) for item in body.items})
        return (await batches.submit(keyed.work(commands, customer_ids=customers))).response()

    @found.get("")
    async def list_people(_caller: Reader, paging: Listing, customer_id: NamedCustomer) -> Page[ContactPointShown]:
        """List contact points, of one customer or of all."""
        after = UUID(str(paging.after[0])) if paging.after else None
        async with context.reading.connect() as connection:
            rows = await store.read_page(connection, customer_id=customer_id, after=after, limit=paging.limit + 1)
        return Page(**paging.page(rows, position=lambda each: [str(each.contact_point_id)], item=asdict))

    @found.post("/{contact_point_id}/verification", response_model=ContactPointShown, responses=problems(NOT_FOUND))
    async def verify(contact_point_id: UUID, body: JsonBody[VerifyPerson], keyed: Keyed) -> Response:
        """Confirm a person; formal messages may go to him from now where the contract names the address."""
        command = await _change(contact_point_id, Verify(body.address_for_service), asked(context, keyed))
        return (await changes.submit(keyed.work(command, customer_ids=[command.customer_id]))).response()

    @found.post("/{contact_point_id}/opt-out", response_model=ContactPointShown, responses=problems(NOT_FOUND))
    async def opt_out(contact_point_id: UUID, body: JsonBody[OptOutPerson], keyed: Keyed) -> Response:
        """Note that the person wants no more messages."""
        command = await _change(contact_point_id, OptOut(body.scope), asked(context, keyed))
        return (await changes.submit(keyed.work(command, customer_ids=[command.customer_id]))).response()

    async def _change(contact_point_id: UUID, change: Verify | OptOut, request: Request) -> ChangeContactPoint:
        async with context.reading.connect() as connection:
            contact = (await store.read_some(connection, [contact_point_id])).get(contact_point_id)
        if contact is None:
            raise Problem(NOT_FOUND)
        return ChangeContactPoint(
            contact_point_id=contact_point_id, customer_id=contact.customer_id, change=change, request=request
        )

    return found


async def _record_batches(
    context: Context, connection: AsyncConnection, batches: Sequence[Records]
) -> list[list[ContactPoint | Problem]]:
    commands = [command for batch in batches for command in batch]
    results = iter(await record_contact_points(connection, commands, outbox=context.outbox))
    return [[next(results) for _ in batch] for batch in batches]


def _answer(status: int, contact: ContactPoint) -> StoredAnswer:
    return StoredAnswer(status, ContactPointShown(**asdict(contact)).model_dump_json().encode())


def _several(results: Sequence[ContactPoint | Problem]) -> StoredAnswer:
    return StoredAnswer(207, json.dumps({"results": [_item(each) for each in results]}).encode())


def _item(result: ContactPoint | Problem) -> dict[str, Any]:
    if isinstance(result, Problem):
        return {"status": result.kind.status, "problem": result.body()}
    return {"status": 201, "contact_point": ContactPointShown(**asdict(result)).model_dump(mode="json")}
