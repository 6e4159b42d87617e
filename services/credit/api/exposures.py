"""Shows what counts against customers' limits, part by part (C5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.api.shown import MoneyShown, PartShown
from services.credit.domain.exposure import Parts, exposure
from services.credit.domain.profile import Profile
from services.credit.domain.rates import RateMissing, Rates
from services.credit.store.days import newest_day
from services.credit.store.exposures import EntityBalance, list_ids, load_balances, load_parts
from services.credit.store.groups import Group, load_groups
from services.credit.store.profiles import load_known
from services.credit.store.rates import load_rates
from services.credit.usecases.check_answer import money, shown_parts
from shared.money import Money, format_amount
from shared.service import Context
from shared.web.cursor import Listing, Page
from shared.web.customers import NamedCustomer
from shared.web.keys import Reader
from shared.web.models import AmountText
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
    customer_number: str | None
    parts: list[PartShown]
    balances: list[BalanceShown]
    group: GroupExposure | None


def exposures_router(context: Context) -> APIRouter:
    """Return the route of exposures."""
    routes = router(prefix="/v1", tags=["exposures"])

    @routes.get("/exposures")
    async def find(_caller: Reader, paging: Listing, customer_id: NamedCustomer) -> Page[ExposureShown]:
        """List open receivables, live reservations and unapplied cash of customers, with limits and groups."""
        async with context.reading.connect() as connection:
            ids = await list_ids(connection, customer_id=customer_id, after=paging.after, rows=paging.limit + 1)
            today = await newest_day(connection) or context.clock.now().date()
            book = await _open_book(connection, ids[: paging.limit], today)
        return Page(**paging.page(ids, position=lambda each: [str(each)], item=book.customer))

    return routes


@dataclass(frozen=True, slots=True)
class _Book:
    """What there is to show of some customers."""

    profiles: Mapping[UUID, Profile | None]
    parts: Mapping[UUID, Parts]
    balances: Mapping[UUID, Sequence[EntityBalance]]
    groups: Mapping[str, Group]
    rates: Rates

    def customer(self, customer_id: UUID) -> dict[str, Any]:
        profile, parts = self.profiles[customer_id], self.parts[customer_id]
        return {
            "customer_id": customer_id,
            "customer_number": profile.customer_number if profile else None,
            **self._capped(profile.limit if profile else None, parts),
            "parts": shown_parts(parts),
            "balances": [_balance(each) for each in self.balances.get(customer_id, ())],
            "group": self._group(self.groups[profile.group]) if profile and profile.group else None,
        }

    def _group(self, group: Group) -> dict[str, Any]:
        return {"group": group.code, **self._capped(group.limit, group.parts), "parts": shown_parts(group.parts)}

    def _capped(self, limit: Money | None, parts: Parts) -> dict[str, Any]:
        total = self._total(limit, parts)
        free = limit - total if limit and total else None
        capped = {"limit": limit, "exposure": total, "free": free}
        return {name: money(each) if each else None for name, each in capped.items()}

    def _total(self, limit: Money | None, parts: Parts) -> Money | None:
        try:
            return exposure(parts, currency=limit.currency, rates=self.rates) if limit else None
        except RateMissing:
            return None


async def _open_book(connection: AsyncConnection, ids: Sequence[UUID], today: date) -> _Book:
    known = await load_known(connection, ids)
    profiles = {customer_id: each.profile for customer_id, each in known.items()}
    return _Book(
        profiles=profiles,
        parts=await load_parts(connection, ids),
        balances=await load_balances(connection, ids),
        groups=await load_groups(connection, {each.group for each in profiles.values() if each and each.group}),
        rates=await load_rates(connection, as_of=today),
    )


def _balance(balance: EntityBalance) -> dict[str, Any]:
    return {
        "entity": balance.entity,
        "currency": balance.currency,
        "open_receivables": format_amount(balance.open_minor, balance.currency),
        "unapplied_cash": format_amount(balance.unapplied_minor, balance.currency),
    }
