"""Takes and shows contracts with their terms (L1)."""

from decimal import Decimal
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from services.ledger.api.invoice_shapes import TermsBody, terms_of
from services.ledger.api.reading import NamedCustomer
from services.ledger.api.writing import CodeText, Number, Rate, answer, origin_of
from services.ledger.domain.contract import DEFAULT_PENALTY_PCT_PER_DAY, Contract, Parts
from services.ledger.store.contracts import get_contract, list_contracts, terms_as_json
from services.ledger.usecases.record_contracts import RecordContract, record_contracts
from shared.ids import customer_id_of, document_id_of
from shared.service import Context
from shared.web.cursor import Listing, Page
from shared.web.gather import Gatherer
from shared.web.idempotency import Keyed
from shared.web.keys import Reader
from shared.web.models import Currency, StrictModel
from shared.web.problem_types import NOT_FOUND
from shared.web.problems import Problem
from shared.web.routing import JsonBody, router


class ContractBody(StrictModel):
    """What was agreed with a customer; a higher security rank is better secured."""

    entity: CodeText
    reference: Number
    customer_number: Number
    currency: Currency
    terms: TermsBody
    penalty_pct_per_day: Rate = str(DEFAULT_PENALTY_PCT_PER_DAY)
    security_rank: Annotated[int, Field(ge=0, le=1000)] = 0
    allocation: Annotated[
        Parts,
        Field(description="In which order money settles the parts of a debt, once costs and interest are charged."),
    ] = "costs_interest_principal"

    def contract(self) -> Contract:
        """Return the contract."""
        return Contract(
            contract_id=document_id_of("contract", self.entity, self.reference),
            entity=self.entity,
            reference=self.reference,
            customer_id=customer_id_of(self.customer_number),
            customer_number=self.customer_number,
            currency=self.currency,
            terms=terms_of(self.terms),
            penalty_pct_per_day=Decimal(self.penalty_pct_per_day),
            security_rank=self.security_rank,
            allocation=self.allocation,
        )


class ContractView(BaseModel):
    """A contract as it is recorded."""

    contract_id: UUID
    customer_id: UUID
    entity: str
    reference: str
    customer_number: str
    currency: str
    terms: dict[str, Any]
    penalty_pct_per_day: str
    security_rank: int
    allocation: str


def contracts_router(context: Context) -> APIRouter:
    """Return the routes of contracts."""
    routes = router(prefix="/v1", tags=["contracts"])
    gatherer: Gatherer[RecordContract, Contract] = Gatherer(
        lane=context.single,
        execute=partial(record_contracts, outbox=context.outbox),
        render=lambda contract: answer(201, _view(contract)),
    )

    @routes.post("/contracts", status_code=201, response_model=ContractView)
    async def post_contract(body: JsonBody[ContractBody], keyed: Keyed) -> Response:
        """Record a contract; invoices that name it take from it what they do not state."""
        command = RecordContract(origin=origin_of(keyed, context.clock), contract=body.contract())
        return (await gatherer.submit(keyed.work(command, customer_ids=[command.contract.customer_id]))).response()

    @routes.get("/contracts", response_model=Page[ContractView])
    async def get_contracts(_caller: Reader, paging: Listing, customer_id: NamedCustomer) -> object:
        """List contracts in the order of recording, of one customer where he is named."""
        after = UUID(str(paging.after[0])) if paging.after else None
        async with context.reading.connect() as connection:
            rows = await list_contracts(connection, customer_id=customer_id, after=after, limit=paging.limit + 1)
        return paging.page(rows, position=lambda row: [str(row.contract_id)], item=_view)

    @routes.get("/contracts/{contract_id}")
    async def get_one_contract(_caller: Reader, contract_id: UUID) -> ContractView:
        """Show one contract."""
        async with context.reading.connect() as connection:
            contract = await get_contract(connection, contract_id)
        if contract is None:
            raise Problem(NOT_FOUND)
        return _view(contract)

    return routes


def _view(contract: Contract) -> ContractView:
    return ContractView(
        contract_id=contract.contract_id,
        customer_id=contract.customer_id,
        entity=contract.entity,
        reference=contract.reference,
        customer_number=contract.customer_number,
        currency=contract.currency,
        terms=terms_as_json(contract.terms),
        penalty_pct_per_day=f"{contract.penalty_pct_per_day.normalize():f}",
        security_rank=contract.security_rank,
        allocation=contract.allocation,
    )
