"""Cases over HTTP: where each stands and why, its history, and what people confirm about it (K1, K2)."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field
from sqlalchemy import Row

from services.collections.api.asking import Code, Note, ask, find, gather
from services.collections.api.shown import CaseReceipt, CaseShown, EntryShown, answer, fitting, money
from services.collections.domain.records import Case
from services.collections.store.histories import read_entries
from services.collections.store.listings import CASES, list_records
from services.collections.usecases.steer_cases import ClassifyDebtor, LowerFloor, classify_debtors, lower_floors
from shared.service import Context
from shared.web.cursor import Listing, Page
from shared.web.customers import NamedCustomer
from shared.web.idempotency import Keyed, StoredAnswer
from shared.web.keys import Reader
from shared.web.models import StrictModel
from shared.web.routing import JsonBody, router

ATTENTION_DAYS, HIGH_RISK_DAYS = 30, 60


class ClassBody(StrictModel):
    """What kind of debtor this is, confirmed by a person; `none` takes a class back."""

    debtor_class: Annotated[Literal["unwilling", "in_difficulty", "near_insolvency", "none"], Field(alias="class")]
    reason: Note


class FloorBody(StrictModel):
    """Why what a broken promise had lifted is taken back."""

    reason: Note


def cases_router(context: Context) -> APIRouter:
    """Return the routes of cases."""
    routes = router(prefix="/v1/cases", tags=["cases"])
    classifying = gather(context, classify_debtors, _steered)
    lowering = gather(context, lower_floors, _steered)

    @routes.get("")
    async def listing(
        _caller: Reader,
        paging: Listing,
        customer_id: NamedCustomer,
        state: Literal["open", "closed"] | None = None,
        stage: Code | None = None,
    ) -> Page[CaseShown]:
        """List cases, the oldest first."""
        async with context.reading.connect() as connection:
            rows = await list_records(
                connection,
                CASES,
                after=paging.after,
                rows=paging.limit + 1,
                customer_id=customer_id,
                open=None if state is None else state == "open",
                stage=stage,
            )
        return Page(
            **paging.page(rows, position=lambda row: [row.opened_date.isoformat(), str(row.case_id)], item=_shown)
        )

    @routes.get("/{case_id}")
    async def show(_caller: Reader, case_id: UUID) -> CaseShown:
        """Show a case."""
        return _shown(await find(context, CASES, case_id))

    @routes.get("/{case_id}/history")
    async def history(_caller: Reader, case_id: UUID, paging: Listing) -> Page[EntryShown]:
        """List everything that happened to a case, in the order in which it was recorded."""
        await find(context, CASES, case_id)
        after = int(str(paging.after[0])) if paging.after else 0
        async with context.reading.connect() as connection:
            rows = await read_entries(connection, case_id, after=after, rows=paging.limit + 1)
        return Page(**paging.page(rows, position=lambda row: [row.id], item=_entry))

    @routes.post("/{case_id}/class", response_model=CaseReceipt)
    async def classify(case_id: UUID, body: JsonBody[ClassBody], keyed: Keyed) -> Response:
        """Confirm the debtor's class, which has steps of its own."""
        customer_id = (await find(context, CASES, case_id)).customer_id
        command = ClassifyDebtor(
            request=ask(context, keyed, customer_id),
            case_id=case_id,
            debtor_class=None if body.debtor_class == "none" else body.debtor_class,
            reason=body.reason,
        )
        return (await classifying.submit(keyed.work(command, customer_ids=[customer_id]))).response()

    @routes.post("/{case_id}/floor-removal", response_model=CaseReceipt)
    async def lower(case_id: UUID, body: JsonBody[FloorBody], keyed: Keyed) -> Response:
        """Take back what a broken promise had lifted: the stage follows the debts again."""
        customer_id = (await find(context, CASES, case_id)).customer_id
        command = LowerFloor(request=ask(context, keyed, customer_id), case_id=case_id, reason=body.reason)
        return (await lowering.submit(keyed.work(command, customer_ids=[customer_id]))).response()

    return routes


def _steered(case: Case) -> StoredAnswer:
    return answer(200, CaseReceipt(case_id=case.case_id, customer_id=case.customer_id, state="open"))


def _shown(row: Row[Any]) -> CaseShown:
    days = (row.today - row.anchor_due_date).days if row.today and row.anchor_due_date else None
    return CaseShown(
        **fitting(CaseShown, row) | {"overdue": {each: money(minor, each) for each, minor in row.overdue.items()}},
        state="open" if row.closed_date is None else "closed",
        stage_days=row.days,
        days_past_due=days,
        labels=_labels(days or 0) if row.closed_date is None else [],
    )


def _labels(days_past_due: int) -> list[str]:
    """Return attention over 30 days, high risk over 60 (K1)."""
    labels = {"attention": ATTENTION_DAYS, "high_risk": HIGH_RISK_DAYS}
    return [label for label, over in labels.items() if days_past_due > over]


def _entry(row: Row[Any]) -> EntryShown:
    return EntryShown(**fitting(EntryShown, row))
