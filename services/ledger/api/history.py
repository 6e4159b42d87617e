"""Shows how an invoice came to be what it was on a day, as known now or as known then (L9, L17)."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.ledger.api.invoice_views import FromTerms
from services.ledger.api.reading import past_day
from services.ledger.store.invoice_history import InvoiceHead, Moved, invoice_head, movements
from shared.money import format_amount
from shared.service import Context
from shared.web.keys import Reader
from shared.web.models import AmountText, BusinessDate
from shared.web.problem_types import NOT_FOUND
from shared.web.problems import Problem
from shared.web.routing import router

Basis = Literal["known_now", "known_then"]


class MovedShown(BaseModel):
    """One change of an instalment's open amount, in the order of recording, with the rule that made it."""

    ordinal: int
    change: AmountText
    open_after: AmountText
    document_kind: str
    document_id: UUID
    rule: str
    reason: str
    effective_date: date
    recorded_day: date
    recorded_at: datetime


class InstalmentThen(BaseModel):
    """What an instalment came to on the day asked for."""

    ordinal: int
    due_date: date
    open: AmountText
    days_past_due: Annotated[int, Field(description="0 on the due date, which is not overdue; negative before it.")]


class HistoryShown(BaseModel):
    """An invoice at the end of `as_of`, and the changes that made it so."""

    invoice_id: UUID
    customer_id: UUID
    entity: str
    number: str
    currency: str
    terms_source: FromTerms
    as_of: date
    basis: Basis
    instalments: list[InstalmentThen]
    changes: list[MovedShown]


def history_router(context: Context) -> APIRouter:
    """Return the history of an invoice."""
    routes = router(prefix="/v1", tags=["invoices"])

    @routes.get("/invoices/{invoice_id}/history")
    async def history(
        _caller: Reader, invoice_id: UUID, as_of: BusinessDate | None = None, basis: Basis = "known_now"
    ) -> HistoryShown:
        """Tell what was open at the end of `as_of` (the open day unless given) and why, as known now or then."""
        async with context.reading.connect() as connection:
            head = await invoice_head(connection, invoice_id)
            if head is None:
                raise Problem(NOT_FOUND)
            day = await past_day(connection, as_of)
            moved = await movements(connection, invoice_id, as_of=day, known_then=basis == "known_then")
        return HistoryShown(
            **asdict(head),
            as_of=day,
            basis=basis,
            instalments=_instalments(head, moved, day),
            changes=_changes(head, moved),
        )

    return routes


def _changes(head: InvoiceHead, moved: Sequence[Moved]) -> list[MovedShown]:
    return [
        MovedShown.model_validate(
            asdict(each)
            | {
                "change": format_amount(each.delta_minor, head.currency),
                "open_after": format_amount(each.open_after_minor, head.currency),
            }
        )
        for each in moved
    ]


def _instalments(head: InvoiceHead, moved: Sequence[Moved], day: date) -> list[InstalmentThen]:
    last = {each.ordinal: each for each in moved}
    return [
        InstalmentThen(
            ordinal=ordinal,
            due_date=each.due_date,
            open=format_amount(each.open_after_minor, head.currency),
            days_past_due=(day - each.due_date).days,
        )
        for ordinal, each in sorted(last.items())
    ]
