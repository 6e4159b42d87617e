"""Answers what was open on a day, by days past due, as known now or as known then (L9)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from services.ledger.api.csv_cells import ALSO_CSV, Cell, amount, csv_response, wants_csv
from services.ledger.api.reading import EntityFilter, NamedCustomer, past_day
from services.ledger.domain.aging import BY_DUE_DATE, AgedSum
from services.ledger.store.aging import AgingQuestion, aged_sums
from shared.money import format_amount
from shared.service import Context
from shared.web.cursor import Listing, Position
from shared.web.keys import Reader
from shared.web.models import AmountText, BusinessDate, Currency
from shared.web.routing import router

Basis = Literal["known_now", "known_then"]


class BandShown(BaseModel):
    """A bucket: from `first_day` past due up to, not including, `end_day`; null is without end."""

    name: str
    first_day: int | None
    end_day: int | None


class AgedTotal(BaseModel):
    """What is open in one currency, by bucket."""

    currency: str
    not_due: AmountText
    d1_30: AmountText
    d31_60: AmountText
    d61_90: AmountText
    d91_plus: AmountText
    open: Annotated[AmountText, Field(description="The sum of the buckets: the receivables control account.")]
    unapplied: Annotated[AmountText, Field(description="Credit that settles no debt yet.")]
    net: Annotated[AmountText, Field(description="`open` less `unapplied`.")]
    overdue: AmountText
    open_invoices: int
    overdue_invoices: int


class AgedItem(AgedTotal):
    """The same of one entity, and of one customer where it is asked for by customer."""

    entity: str
    customer_id: UUID | None


class AgingShown(BaseModel):
    """The state at the end of `as_of`; `totals` are over all pages."""

    as_of: date
    basis: Basis
    buckets: list[BandShown]
    items: list[AgedItem]
    totals: list[AgedTotal]
    next_cursor: str | None


def _question(
    customer_id: NamedCustomer,
    entity: EntityFilter = None,
    currency: Currency | None = None,
    basis: Basis = "known_now",
    by: Literal["total", "customer"] = "total",
) -> AgingQuestion:
    return AgingQuestion(
        known_then=basis == "known_then",
        by_customer=by == "customer",
        entity=entity,
        currency=currency,
        customer_id=customer_id,
    )


Asked = Annotated[AgingQuestion, Depends(_question)]


def aging_router(context: Context) -> APIRouter:
    """Return the report of aging."""
    routes = router(prefix="/v1", tags=["reports"])

    @routes.get("/aging", response_model=AgingShown, responses=ALSO_CSV)
    async def aging(
        _caller: Reader, request: Request, paging: Listing, question: Asked, as_of: BusinessDate | None = None
    ) -> Response | AgingShown:
        """Tell what was open at the end of `as_of` (the open day unless given), from what is known now or was then."""
        as_table = wants_csv(request)
        async with context.reading.connect() as connection:
            day = await past_day(connection, as_of)
            answer = await aged_sums(
                connection,
                question,
                as_of=day,
                bands=BY_DUE_DATE,
                limit=None if as_table else paging.limit + 1,
                after=paging.after,
            )
        if as_table:
            return csv_response(_table(answer.sums), name=f"aging-{day}")
        return AgingShown(
            as_of=day,
            basis="known_then" if question.known_then else "known_now",
            buckets=[BandShown(**asdict(band)) for band in BY_DUE_DATE.definition()],
            items=[_item(each) for each in answer.sums[: paging.limit]],
            totals=[AgedTotal.model_validate(_figures(each, format_amount)) for each in answer.totals],
            next_cursor=paging.next_cursor(answer.sums, _position),
        )

    return routes


def _figures(aged: AgedSum, written: Callable[[int, str], Cell]) -> dict[str, Any]:
    minor = {
        **dict(zip(BY_DUE_DATE.names, aged.open_minor, strict=True)),
        "open": aged.total_minor,
        "unapplied": aged.unapplied_minor,
        "net": aged.net_minor,
        "overdue": aged.overdue_minor,
    }
    amounts = {name: written(each, aged.currency) for name, each in minor.items()}
    counts = {"open_invoices": aged.open_invoices, "overdue_invoices": aged.overdue_invoices}
    return {"currency": aged.currency, **amounts, **counts}


def _item(aged: AgedSum) -> AgedItem:
    whose = {"entity": aged.entity, "customer_id": aged.customer_id}
    return AgedItem.model_validate(whose | _figures(aged, format_amount))


def _position(aged: AgedSum) -> Position:
    return [aged.entity, aged.currency, str(aged.customer_id) if aged.customer_id else None]


def _table(sums: Sequence[AgedSum]) -> Iterator[Sequence[Cell]]:
    yield list(AgedItem.model_fields)
    for each in sums:
        cells = {"entity": each.entity, "customer_id": each.customer_id} | _figures(each, amount)
        yield [cells[name] for name in AgedItem.model_fields]
