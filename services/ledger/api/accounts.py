"""Takes and shows the bank accounts of creditor entities: proposed by one person, decided on by another (L19)."""

from datetime import date, datetime
from functools import partial
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from services.ledger.api.writing import Bic, answer, origin_of, refusing
from services.ledger.domain.bank_account import BankAccount, State, check_number
from services.ledger.store.bank_accounts import accounts_of
from services.ledger.store.entities import find_entities
from services.ledger.usecases.change_accounts import Command, DecideAccount, ProposeAccount, change_accounts
from services.ledger.usecases.origin import Origin
from shared.ids import new_id
from shared.service import Context
from shared.web.gather import Gatherer
from shared.web.idempotency import Keyed, KeyedAdmin, KeyedRequest
from shared.web.keys import Reader
from shared.web.models import BusinessDate, Currency, SingleLine, StrictModel
from shared.web.problem_types import CONFLICT, FORBIDDEN, NOT_FOUND
from shared.web.problems import Problem, problems
from shared.web.routing import JsonBody, router


class AccountBody(StrictModel):
    """An account to which customers may pay one currency."""

    currency: Currency
    holder: Annotated[str, SingleLine(200)]
    bank: Annotated[str, SingleLine(200)]
    number: Annotated[str, SingleLine(64), Field(description="An IBAN, whose check digits are checked, or a number.")]
    bic: Bic | None = None
    valid_from: BusinessDate

    def account(self, code: str, origin: Origin) -> BankAccount:
        """Return the proposal; raise Invalid for an IBAN that cannot be."""
        check_number(self.number, pointer="/number")
        return BankAccount(
            account_id=new_id(),
            entity=code,
            state="proposed",
            proposed_by=origin.actor,
            proposed_at=origin.recorded_at,
            **self.model_dump(),
        )


class AccountView(BaseModel):
    """An account with who proposed it and who decided on it; it is valid until another of its currency is."""

    account_id: UUID
    currency: str
    holder: str
    bank: str
    number: str
    bic: str | None
    valid_from: date
    state: State
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None


class AccountsView(BaseModel):
    """All accounts of an entity, the first proposed first."""

    items: list[AccountView]


def accounts_router(context: Context) -> APIRouter:
    """Return the routes of bank accounts."""
    routes = router(prefix="/v1/entities/{code}/accounts", tags=["entities"])
    gatherer: Gatherer[Command, BankAccount] = Gatherer(
        lane=context.single,
        execute=partial(change_accounts, outbox=context.outbox),
        render=lambda account: answer(201 if account.state == "proposed" else 200, _view(account)),
    )

    async def decide(
        code: str, account_id: UUID, keyed: KeyedRequest, decision: Literal["approve", "refuse"]
    ) -> Response:
        origin = origin_of(keyed, context.clock)
        command = DecideAccount(origin=origin, entity=code, account_id=account_id, decision=decision)
        return (await gatherer.submit(keyed.work(command))).response()

    @routes.get("")
    async def get_accounts(_caller: Reader, code: str) -> AccountsView:
        """List an entity's accounts with their history: none is ever deleted."""
        async with context.reading.connect() as connection:
            if code not in await find_entities(connection, [code]):
                raise Problem(NOT_FOUND)
            accounts = (await accounts_of(connection, [code]))[code]
        return AccountsView(items=[_view(each) for each in accounts])

    @routes.post("", status_code=201, response_model=AccountView, responses=problems(NOT_FOUND))
    async def post_account(code: str, body: JsonBody[AccountBody], keyed: Keyed) -> Response:
        """Propose an account. Nobody hears of it before another person approves it."""
        origin = origin_of(keyed, context.clock)
        with refusing():
            command = ProposeAccount(origin=origin, account=body.account(code, origin))
        return (await gatherer.submit(keyed.work(command))).response()

    @routes.post(
        "/{account_id}/approval", response_model=AccountView, responses=problems(NOT_FOUND, CONFLICT, FORBIDDEN)
    )
    async def post_approval(code: str, account_id: UUID, keyed: KeyedAdmin) -> Response:
        """Let messages name the account from its date on, at the earliest from today; its proposer cannot."""
        return await decide(code, account_id, keyed, "approve")

    @routes.post("/{account_id}/refusal", response_model=AccountView, responses=problems(NOT_FOUND, CONFLICT))
    async def post_refusal(code: str, account_id: UUID, keyed: Keyed) -> Response:
        """Refuse a proposal, or take an own one back."""
        return await decide(code, account_id, keyed, "refuse")

    return routes


def _view(account: BankAccount) -> AccountView:
    return AccountView.model_validate(account, from_attributes=True)
