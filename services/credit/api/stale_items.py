"""Lists what is known too long of customers, or not at all, by the ages of the policy (C1)."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from services.credit.api.shown import Shown
from services.credit.domain.policy import Policy
from services.credit.store.days import newest_day
from services.credit.store.items import list_stale
from shared.service import Context
from shared.web.cursor import Listing, Page
from shared.web.customers import NamedCustomer
from shared.web.keys import Reader
from shared.web.routing import router


class StaleItemShown(Shown):
    """An item of a profile that ought to be confirmed anew, or found out."""

    customer_id: UUID
    customer_number: str
    field: str
    source: Annotated[str | None, Field(description="Who confirmed it last; null where it was never known.")]
    confirmed_date: date | None
    stale_date: Annotated[date | None, Field(description="The last day on which it counted as fresh.")]


def stale_items_router(context: Context, policy: Policy) -> APIRouter:
    """Return the routes of stale items."""
    routes = router(prefix="/v1/stale-items", tags=["customers"])

    @routes.get("")
    async def find(_caller: Reader, paging: Listing, customer_id: NamedCustomer) -> Page[StaleItemShown]:
        """List items older than the policy allows, and those that are missing, by customer and field."""
        async with context.reading.connect() as connection:
            rows = await list_stale(
                connection,
                ages=policy.stale_after_days,
                as_of=await newest_day(connection) or context.clock.now().date(),
                customer_id=customer_id,
                after=paging.after,
                rows=paging.limit + 1,
            )
        return Page(**paging.page(rows, position=_position, item=lambda row: row._asdict()))

    return routes


def _position(row: Any) -> list[Any]:
    return [row.customer_number, row.field]
