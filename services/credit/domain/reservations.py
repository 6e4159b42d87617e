"""The life of a reservation: made by an approval, consumed by invoices, released by a person, or expired by the day."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal
from uuid import UUID

RESERVED_DAYS = 30
State = Literal["live", "consumed", "released", "expired"]


class NotLive(Exception):
    """The reservation has ended already, so there is nothing to release."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """A part of the limit held for an order; `rest_minor` is what no invoice has taken yet."""

    reservation_id: UUID
    check_id: UUID
    customer_id: UUID
    partition_no: int
    order_number: str
    currency: str
    amount_minor: int
    rest_minor: int
    state: State
    expires_date: date
    closed_date: date | None

    @property
    def lapse_date(self) -> date:
        """The first day after its last: the work of that day ends it."""
        return self.expires_date + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Consumption:
    """What an invoice took of a reservation, which stands as it is afterward."""

    reservation: Reservation
    amount_minor: int


def expiry_of(today: date) -> date:
    """Return the last day on which a reservation made today is live."""
    return today + timedelta(days=RESERVED_DAYS)


def next_date_of(reservations: Iterable[Reservation]) -> date | None:
    """Return the first day whose work ends one of these reservations."""
    return min((each.lapse_date for each in reservations if each.state == "live"), default=None)


def consume(
    reservations: Iterable[Reservation], *, order_number: str, currency: str, amount_minor: int, today: date
) -> list[Consumption]:
    """Return what an invoice takes from the order's live reservations in its currency, soonest expiry first."""
    held = [
        each
        for each in reservations
        if each.state == "live" and (each.order_number, each.currency) == (order_number, currency)
    ]
    taken: list[Consumption] = []
    for reservation in sorted(held, key=lambda each: (each.expires_date, each.reservation_id)):
        part = min(amount_minor, reservation.rest_minor)
        if part == 0:
            break
        rest = reservation.rest_minor - part
        after = replace(reservation, rest_minor=rest) if rest else _ended(reservation, "consumed", today)
        taken.append(Consumption(after, part))
        amount_minor -= part
    return taken


def release(reservation: Reservation, *, today: date) -> Reservation:
    """Return the reservation ended by decision; raise NotLive where it has ended already."""
    if reservation.state != "live":
        raise NotLive
    return _ended(reservation, "released", today)


def lapse(reservations: Iterable[Reservation], *, day: date) -> list[Reservation]:
    """Return the reservations that end because `day` is the first day after their last."""
    due = [each for each in reservations if each.state == "live" and each.lapse_date <= day]
    return [_ended(each, "expired", day) for each in due]


def _ended(reservation: Reservation, state: State, on: date) -> Reservation:
    return replace(reservation, rest_minor=0, state=state, closed_date=on)
