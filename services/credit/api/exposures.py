"""Shows what counts against a customer's limits, part by part (C5)."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.api.asking import NamedCustomer
from services.credit.api.shown import MoneyShown, PartShown
from services.credit.domain.exposure import Parts, exposure
from services.credit.domain.rates import RateMissing
from services.credit.store.days import newest_day
from services.credit.store.exposures import load_balances, load_parts
from services.credit.store.groups import Group, load_groups
from services.credit.store.profiles import load_profile
from services.credit.store.rates import load_rates
from services.credit.usecases.check_answer import money, shown_parts
from shared.money import Money, format_amount
from shared.service import Context
from shared.web.keys import Reader
from shared.web.models import AmountText
from shared.web.problem_types import INVALID
from shared.web.problems import Problem
from shared.web.routing import router


class BalanceShown(BaseModel):
    """What the customer owes one entity in one currency, and has paid it in advance."""

    entity: str
    currency: str
    open_receivables: AmountText
    unapplied_cash: AmountText


class CappedShown(BaseModel):
    """A limit with the exposure in its currency; null where no limit or no rate is known."""

    limit: MoneyShown | None
    exposure: MoneyShown | None
    free: MoneyShown | None


class GroupExposure(CappedShown):
    """The group's."""

    group: str
    parts: list[PartShown]


class ExposureShown(CappedShown):
    """All parts of a customer's exposure."""

    customer_id: UUID
    parts: list[PartShown]
    balances: list[BalanceShown]
    group: GroupExposure | None


def exposures_router(context: Context) -> APIRouter:
    """Return the route of exposures."""
    routes = router(prefix="/v1", tags=["exposures"])

    @routes.get("/exposures", response_model=ExposureShown)
    async def show(_caller: Reader, customer_id: NamedCustomer) -> dict[str, Any]:
        """Show open receivables, live reservations and unapplied cash of one customer, and of the group."""
        if customer_id is None:
            raise Problem(INVALID, errors=[{"pointer": "/customer_id", "detail": "Name a customer by id or number"}])
        async with context.engine.connect() as connection:
            return await _exposure(context, connection, customer_id)

    return routes


async def _exposure(context: Context, connection: AsyncConnection, customer_id: UUID) -> dict[str, Any]:
    profile = await load_profile(connection, customer_id)
    code = profile.group if profile else None
    parts = (await load_parts(connection, [customer_id]))[customer_id]
    group = (await load_groups(connection, [code]))[code] if code else None
    today = await newest_day(connection) or context.clock.now().date()
    rates = await load_rates(connection, as_of=today)

    def capped(limit: Money | None, parts: Parts) -> dict[str, Any]:
        try:
            total = exposure(parts, currency=limit.currency, rates=rates) if limit else None
        except RateMissing:
            total = None
        free = limit - total if limit and total else None
        return {
            name: money(each) if each else None
            for name, each in (("limit", limit), ("exposure", total), ("free", free))
        }

    return {
        "customer_id": customer_id,
        **capped(profile.limit if profile else None, parts),
        "parts": shown_parts(parts),
        "balances": [_balance(row) for row in await load_balances(connection, customer_id)],
        "group": _group(group, capped(group.limit, group.parts)) if group else None,
    }


def _group(group: Group, capped: dict[str, Any]) -> dict[str, Any]:
    return {"group": group.code, **capped, "parts": shown_parts(group.parts)}


def _balance(row: Any) -> dict[str, Any]:
    return {
        "entity": row.entity,
        "currency": row.currency,
        "open_receivables": format_amount(row.open_minor, row.currency),
        "unapplied_cash": format_amount(row.unapplied_minor, row.currency),
    }
