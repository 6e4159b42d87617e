"""What credit's callers get: one model per answer, and how each is rendered."""

import json
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.credit.domain.holds import Hold, LiftReason
from services.credit.domain.light import Color
from services.credit.domain.profile import Grade
from services.credit.domain.reservations import Reservation
from shared.money import format_amount
from shared.web.idempotency import StoredAnswer
from shared.web.models import AmountText


class Shown(BaseModel):
    """A part of an answer: exactly these members."""

    model_config = ConfigDict(extra="forbid")


class MoneyShown(Shown):
    """An amount as a decimal string, with its currency."""

    amount: AmountText
    currency: str


class ChangeShown(Shown):
    """One change of one field: from what to what, why, from where, by whom and when."""

    field: str
    before: Any
    after: Any
    reason: str | None
    source: str
    actor: str
    business_date: date
    recorded_at: datetime


class ReservationShown(Shown):
    """A part of the limit held for an order; `rest` is what no invoice has taken."""

    reservation_id: UUID
    check_id: UUID
    customer_id: UUID
    order_number: str
    amount: AmountText
    rest: AmountText
    currency: str
    state: Literal["live", "consumed", "released", "expired"]
    expires_date: date
    closed_date: date | None


class PartShown(Shown):
    """The exposure in one currency: open receivables + live reservations - unapplied cash."""

    currency: str
    open_receivables: AmountText
    live_reservations: AmountText
    unapplied_cash: AmountText
    exposure: AmountText


class ReasonShown(Shown):
    """A code for programs, a sentence for people."""

    code: str
    text: str


class LimitShown(MoneyShown):
    """A limit and whose it is."""

    holder: Literal["customer", "new_customer"]


class MeasuredShown(Shown):
    """The exposure in the limit's currency before and with the order, and its parts before it."""

    before: MoneyShown | None
    with_order: MoneyShown | None
    parts: list[PartShown]


class GroupMeasuredShown(Shown):
    """The group's limit and exposure, where it has a limit."""

    code: str
    limit: MoneyShown | None
    exposure: MeasuredShown | None


class RateUsed(Shown):
    """A rate that the decision took: 1 `base` is `rate` `quote`."""

    base: str
    quote: str
    rate: str


class CheckShown(Shown):
    """The answer to a credit check, as it was given and kept.

    `terms_days` is the longest net days that the order may get: null leaves it to the contract, 0 is in advance.
    """

    check_id: UUID
    customer_id: UUID
    customer_number: str
    order_number: str
    amount: AmountText
    currency: str
    decision: Literal["approve", "prepayment", "refuse"]
    prepayment: MoneyShown | None
    reservation_id: UUID | None
    reserved: MoneyShown | None
    expires_date: date | None
    reasons: list[ReasonShown]
    warnings: list[ReasonShown]
    limit: LimitShown | None
    exposure: MeasuredShown
    group: GroupMeasuredShown | None
    grade: Grade | None
    light: Color
    terms_days: int | None
    known_customer: bool
    exchange_rates: list[RateUsed]
    policy_version: str
    business_date: date
    checked_at: datetime


class HoldShown(Shown):
    """A stop of deliveries, open until `lifted_date`."""

    hold_id: UUID
    customer_id: UUID
    reason: str
    request_id: UUID
    placed_date: date
    lifted_date: date | None
    lift_reason: LiftReason | None
    lifted_by: str | None
    approver: str | None
    note: str | None


class ListedHold(HoldShown):
    """A hold with the customer's number, where credit knows it."""

    customer_number: str | None


def reservation(held: Reservation) -> dict[str, Any]:
    """Return a reservation as JSON."""
    return {
        "reservation_id": str(held.reservation_id),
        "check_id": str(held.check_id),
        "customer_id": str(held.customer_id),
        "order_number": held.order_number,
        "amount": format_amount(held.amount_minor, held.currency),
        "rest": format_amount(held.rest_minor, held.currency),
        "currency": held.currency,
        "state": held.state,
        "expires_date": held.expires_date.isoformat(),
        "closed_date": held.closed_date.isoformat() if held.closed_date else None,
    }


def hold(held: Hold) -> dict[str, Any]:
    """Return a hold as JSON."""
    return {name: _plain(getattr(held, name)) for name in HoldShown.model_fields}


def listed_hold(row: Any) -> dict[str, Any]:
    """Return a listed hold as JSON."""
    return {name: _plain(getattr(row, name)) for name in ListedHold.model_fields}


def _plain(value: Any) -> str | None:
    return None if value is None else str(value)


def answer(status: int, document: Any) -> StoredAnswer:
    """Return a document as the answer that is stored and repeated."""
    return StoredAnswer(status, json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode())
