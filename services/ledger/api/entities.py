"""Takes, changes and shows creditor entities (L19)."""

import json
from functools import partial
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from services.ledger.api.writing import Bic, CodeText, answer, origin_of
from services.ledger.store.entities import Entity, find_entities, list_entities
from services.ledger.usecases.change_entities import ChangeEntity, change_entities
from services.ledger.usecases.record_entities import RecordEntity, record_entities
from shared.service import Context
from shared.web.cursor import Listing, Page
from shared.web.gather import Gatherer
from shared.web.idempotency import Keyed, StoredAnswer
from shared.web.keys import Reader
from shared.web.models import CountryCode, Currency, SingleLine, StrictModel, ZoneName
from shared.web.problem_types import NOT_FOUND, PRECONDITION_FAILED, PRECONDITION_REQUIRED
from shared.web.problems import Problem, problems
from shared.web.routing import JsonBody, router
from shared.web.versions import IfMatch, etag


class PayeeBody(StrictModel):
    """Whom and where to pay."""

    name: Annotated[str, SingleLine(200)]
    account: Annotated[str, SingleLine(64)]
    bank: Annotated[str, SingleLine(200)]
    bic: Bic | None = None
    phone: Annotated[str, SingleLine(40)]
    email: Annotated[str, SingleLine(254)]


class EntityBody(StrictModel):
    """A creditor entity; `payee` is its first bank account, and whom customers call. Its country names its calendar."""

    code: CodeText
    name: Annotated[str, SingleLine(200)]
    country: CountryCode
    zone: ZoneName
    currency: Currency
    accounts: Literal["china", "ifrs"]
    payee: PayeeBody
    tax_number: Annotated[str, SingleLine(64)] | None = None
    address: Annotated[str, SingleLine(300)] | None = None
    sender_email: Annotated[str, SingleLine(254), Field(pattern=r"^[^@\s]+@[^@\s]+$")] | None = None
    sms_signature: Annotated[str, SingleLine(20)] | None = None

    def entity(self) -> Entity:
        """Return the entity."""
        return Entity(
            entity=self.code,
            name=self.name,
            country=self.country,
            zone=self.zone,
            currency=self.currency,
            accounts=self.accounts,
            payee=self.payee.model_dump(exclude_none=True),
            tax_number=self.tax_number,
            address=self.address,
            sender_email=self.sender_email,
            sms_signature=self.sms_signature,
        )


class EntityChange(StrictModel):
    """How customers reach the entity from now on: what is not named stays, null clears the address."""

    phone: Annotated[str, SingleLine(40)] | None = None
    email: Annotated[str, SingleLine(254)] | None = None
    address: Annotated[str, SingleLine(300)] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise PydanticCustomError("nothing_named", "Name at least one field")
        if cleared := {name for name in self.model_fields_set - {"address"} if getattr(self, name) is None}:
            raise PydanticCustomError("not_clearable", "{name} cannot be cleared", {"name": min(cleared)})
        return self

    def reach(self) -> dict[str, str | None]:
        """Return what is named."""
        return {name: getattr(self, name) for name in sorted(self.model_fields_set)}


class EntityView(BaseModel):
    """A creditor entity as it stands; `version` is its ETag."""

    code: str
    name: str
    country: str
    zone: str
    currency: str
    accounts: str
    payee: dict[str, str]
    tax_number: str | None
    address: str | None
    sender_email: str | None
    sms_signature: str | None
    version: int


def entities_router(context: Context) -> APIRouter:
    """Return the routes of entities."""
    routes = router(prefix="/v1", tags=["entities"])
    gatherer: Gatherer[RecordEntity, Entity] = Gatherer(
        lane=context.single,
        execute=partial(record_entities, outbox=context.outbox),
        render=lambda entity: answer(201, _view(entity)),
    )
    changes: Gatherer[ChangeEntity, Entity] = Gatherer(
        lane=context.single,
        execute=partial(change_entities, outbox=context.outbox),
        render=lambda entity: answer(200, _view(entity)),
    )

    @routes.post("/entities", status_code=201, response_model=EntityView)
    async def post_entity(body: JsonBody[EntityBody], keyed: Keyed) -> Response:
        """Record a creditor entity; all services hear of it."""
        command = RecordEntity(origin=origin_of(keyed, context.clock), entity=body.entity())
        return (await gatherer.submit(keyed.work(command))).response()

    @routes.get("/entities", response_model=Page[EntityView])
    async def get_entities(_caller: Reader, paging: Listing) -> object:
        """List the entities by their codes."""
        after = str(paging.after[0]) if paging.after else ""
        async with context.reading.connect() as connection:
            rows = await list_entities(connection, after=after, limit=paging.limit + 1)
        return paging.page(rows, position=lambda row: [row.entity], item=_view)

    @routes.get("/entities/{code}")
    async def get_entity(_caller: Reader, code: str, response: Response) -> EntityView:
        """Show one entity; the ETag is what a change has to name."""
        async with context.reading.connect() as connection:
            entity = (await find_entities(connection, [code])).get(code)
        if entity is None:
            raise Problem(NOT_FOUND)
        response.headers["ETag"] = etag(entity.version)
        return _view(entity)

    @routes.patch(
        "/entities/{code}",
        response_model=EntityView,
        responses=problems(NOT_FOUND, PRECONDITION_FAILED, PRECONDITION_REQUIRED),
    )
    async def patch_entity(code: str, body: JsonBody[EntityChange], version: IfMatch, keyed: Keyed) -> Response:
        """Change whom customers call and where the entity is; its messages say so from the moment they hear of it."""
        origin = origin_of(keyed, context.clock)
        command = ChangeEntity(origin=origin, entity=code, version=version, reach=body.reach())
        return _versioned(await changes.submit(keyed.work(command)))

    return routes


def _versioned(answered: StoredAnswer) -> Response:
    response = answered.response()
    response.headers["ETag"] = etag(json.loads(answered.body)["version"])
    return response


def _view(entity: Entity) -> EntityView:
    return EntityView(
        code=entity.entity,
        name=entity.name,
        country=entity.country,
        zone=entity.zone,
        currency=entity.currency,
        accounts=entity.accounts,
        payee=entity.payee,
        tax_number=entity.tax_number,
        address=entity.address,
        sender_email=entity.sender_email,
        sms_signature=entity.sms_signature,
        version=entity.version,
    )
