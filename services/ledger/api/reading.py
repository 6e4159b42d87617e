"""What the ledger's reports are asked for: whose, of which entity, and as of which day."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.store import days
from services.ledger.usecases.refusals import no_day
from shared.ids import customer_id_of
from shared.web.models import SingleLine
from shared.web.problem_types import INVALID
from shared.web.problems import Problem

EntityFilter = Annotated[str | None, Query(max_length=64, description="The code of one entity.")]


def _named_customer(
    customer_id: UUID | None = None, customer_number: Annotated[str, SingleLine(128)] | None = None
) -> UUID | None:
    if customer_id is not None and customer_number is not None:
        raise Problem(INVALID, errors=[{"pointer": "/customer_id", "detail": "Name the customer once."}])
    return customer_id_of(customer_number) if customer_number is not None else customer_id


NamedCustomer = Annotated[UUID | None, Depends(_named_customer)]


async def past_day(connection: AsyncConnection, asked: date | None) -> date:
    """Return the day asked for, or the open one; raise 422 for a day that has not come, of which nothing is known."""
    open_day = await days.open_day(connection)
    if open_day is None:
        raise no_day()
    if asked is not None and asked > open_day:
        raise Problem(
            INVALID, errors=[{"pointer": "/as_of", "detail": f"Later than the open business day, {open_day}."}]
        )
    return asked or open_day
