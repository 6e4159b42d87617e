"""Messages that left, wait or did not go, with their proof, and the decisions of people about them (N4, N8)."""

from datetime import date, datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict

from services.notifications.api.asking import asked
from services.notifications.domain.message import Action, Message, State
from services.notifications.store import message_pages as store
from services.notifications.usecases.desk import Desk
from services.notifications.usecases.resolve_messages import ResolveMessage, resolve_messages
from shared.money import format_amount
from shared.service import Context
from shared.web.cursor import Listing, Page
from shared.web.customers import NamedCustomer
from shared.web.gather import Gatherer
from shared.web.idempotency import Keyed, StoredAnswer
from shared.web.keys import Reader
from shared.web.models import BusinessDate, MultiLine, StrictModel
from shared.web.problem_types import CONFLICT, NOT_FOUND
from shared.web.problems import Problem, problems
from shared.web.routing import JsonBody, router


class Resolution(StrictModel):
    """What a person decided about a message whose fate is unknown or that failed, and why."""

    action: Action
    reason: Annotated[str, MultiLine(1000)]


class Shown(BaseModel):
    """A part of an answer: exactly these members."""

    model_config = ConfigDict(extra="forbid")


class MessageShown(Shown):
    """A message in a list; `reason` says why it waits, was withheld or failed."""

    message_id: UUID
    reminder_id: UUID
    customer_id: UUID
    entity: str
    purpose: str
    step: str
    planned_date: date
    due_date: date
    due_at: datetime | None
    formal: bool
    channel: str
    accompanies: bool
    state: State
    reason: str | None
    attempts: int
    civil_date: date | None
    arrives_date: date | None
    arrived: bool
    edition: int
    recorded_at: datetime
    changed_at: datetime


class LineShown(Shown):
    """A debt of the message: the sum that was stated, or why it was left out."""

    instalment_id: UUID
    invoice_number: str | None
    ordinal: int | None
    due_date: date | None
    currency: str | None
    step: str | None
    episode: int
    dropped_reason: str | None
    stated: str | None


class LookShown(Shown):
    """What a person did with the message before it went; the note is the new paragraph, or why it was refused."""

    action: str
    edition: int
    note: str
    actor: str
    at: datetime


class ReceiptShown(Shown):
    """What a provider told after it had taken the message, word for word."""

    provider: str
    status: str
    at: datetime
    reason: str | None
    content: str
    heard_at: datetime


class AttemptShown(Shown):
    """One attempt: to whom, with which exact content, at which positions, and what the server said."""

    attempt_no: int
    channel: str
    provider: str | None
    contact_point_id: UUID
    contact_role: str
    served: bool
    template_id: UUID | None
    template_version: str
    civil_at: datetime
    recipient: str
    content: str
    content_sha256: str
    letter_sha256: str | None
    positions: dict[str, int]
    positions_at: datetime
    begun_at: datetime
    ended_at: datetime | None
    outcome: str | None
    code: int | None
    answer: str | None


class MessageDetail(MessageShown):
    """A message with everything that proves it."""

    answer_working_days: int | None
    by_hand: bool
    preapproved: bool
    look: str | None
    remark: str
    correlation_id: str
    resolved_by: str | None
    resolved_at: datetime | None
    resolution: str | None
    lines: list[LineShown]
    looks: list[LookShown]
    attempts_made: list[AttemptShown]
    receipts: list[ReceiptShown]


class Resolved(Shown):
    """Where the decision left the message."""

    message_id: UUID
    state: State
    reason: str | None


def routes(context: Context, desk: Desk) -> APIRouter:
    """Return the routes of messages."""
    found = router(prefix="/v1/messages", tags=["messages"])
    decisions = Gatherer(lane=context.single, execute=partial(resolve_messages, desk=desk), render=_resolved)

    @found.get("")
    async def list_messages(
        _caller: Reader,
        paging: Listing,
        customer_id: NamedCustomer,
        state: State | None = None,
        from_date: Annotated[BusinessDate | None, Query(alias="from")] = None,
    ) -> Page[MessageShown]:
        """List messages as they were heard of; people look at `waiting_for_approval`, `unknown` and `failed`."""
        after = (datetime.fromisoformat(str(paging.after[0])), UUID(str(paging.after[1]))) if paging.after else None
        async with context.reading.connect() as connection:
            rows = await store.read_page(
                connection,
                customer_id=customer_id,
                state=state,
                from_date=from_date,
                after=after,
                limit=paging.limit + 1,
            )
        return Page(**paging.page(rows, position=_position, item=lambda each: each))

    @found.get("/{message_id}", response_model=MessageDetail, responses=problems(NOT_FOUND))
    async def show_message(_caller: Reader, message_id: UUID) -> dict[str, Any]:
        """Show a message with its lines, looks, attempts and receipts."""
        async with context.reading.connect() as connection:
            shown = await store.read_message(connection, message_id)
        if shown is None:
            raise Problem(NOT_FOUND)
        return {**shown, "lines": [_line(each) for each in shown["lines"]]}

    @found.post("/{message_id}/resolution", response_model=Resolved, responses=problems(NOT_FOUND, CONFLICT))
    async def resolve(message_id: UUID, body: JsonBody[Resolution], keyed: Keyed) -> Response:
        """Decide about a message: send it again, note that it was sent, or give it up."""
        async with context.reading.connect() as connection:
            customer_id = await store.read_customer_of(connection, message_id)
        if customer_id is None:
            raise Problem(NOT_FOUND)
        command = ResolveMessage(
            message_id=message_id, action=body.action, reason=body.reason, request=asked(context, keyed)
        )
        return (await decisions.submit(keyed.work(command, customer_ids=[customer_id]))).response()

    return found


def _position(row: dict[str, Any]) -> list[str | int | None]:
    return [row["recorded_at"].isoformat(), str(row["message_id"])]


def _line(row: dict[str, Any]) -> dict[str, Any]:
    minor, currency = row.pop("stated_minor"), row["currency"]
    return {**row, "stated": None if minor is None or currency is None else format_amount(minor, currency)}


def _resolved(message: Message) -> StoredAnswer:
    shown = Resolved(message_id=message.message_id, state=message.state, reason=message.reason)
    return StoredAnswer(200, shown.model_dump_json().encode())
