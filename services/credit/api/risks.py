"""Shows how customers stand at present: grade, light, terms, limit and hold in one row (C4, C6)."""

import json
from typing import Any
from uuid import UUID

from fastapi import APIRouter

from services.credit.api.shown import MoneyShown, Shown
from services.credit.domain.light import Color
from services.credit.domain.limits import Source
from services.credit.domain.profile import Grade
from services.credit.store.risks import list_risks
from services.credit.usecases.check_answer import money
from shared.money import Money
from shared.service import Context
from shared.web.cursor import Listing, Page
from shared.web.customers import NamedCustomer
from shared.web.keys import Reader
from shared.web.routing import router


class RiskRow(Shown):
    """A registered customer; `terms_days` is the longest net days of new orders, null leaves them to the contract."""

    customer_id: UUID
    customer_number: str
    grade: Grade | None
    light: Color
    light_reasons: list[str]
    terms_days: int | None
    terms_reasons: list[str]
    limit: MoneyShown | None
    limit_source: Source | None
    hold_id: UUID | None


def risks_router(context: Context) -> APIRouter:
    """Return the route of risks."""
    routes = router(prefix="/v1", tags=["risks"])

    @routes.get("/risks")
    async def find(
        _caller: Reader, paging: Listing, customer_id: NamedCustomer, light: Color | None = None
    ) -> Page[RiskRow]:
        """List how customers stand, by number."""
        async with context.reading.connect() as connection:
            rows = await list_risks(
                connection, customer_id=customer_id, light=light, after=paging.after, rows=paging.limit + 1
            )
        return Page(**paging.page(rows, position=lambda row: [row.customer_number], item=_row))

    return routes


def _row(row: Any) -> dict[str, Any]:
    plain = {name: getattr(row, name) for name in RiskRow.model_fields if name != "limit"}
    lists = {name: json.loads(plain[name]) for name in ("light_reasons", "terms_reasons")}
    limit = money(Money(row.limit_minor, row.limit_currency)) if row.limit_currency else None
    return {**plain, **lists, "limit": limit}
