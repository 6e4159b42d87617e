"""Gives back what reservations still hold: by a person's decision, or because their last day has passed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.domain.exposure import with_order
from services.credit.domain.policy import Policy
from services.credit.domain.reservations import NotLive, Reservation, lapse, next_date_of, release
from services.credit.store.exposures import load_parts
from services.credit.store.profiles import load_known
from services.credit.store.rates import load_dated_rates
from services.credit.store.reservations import load_live, load_reservations, save_reservations
from services.credit.store.timers import set_timers
from services.credit.usecases.request import ACTOR, Request
from services.credit.usecases.risk_desk import open_risks
from services.credit.usecases.writing import Writing
from shared.contracts.credit import CreditReleased
from shared.messaging.outbox import Outbox
from shared.messaging.outgoing import Cause, Outgoing, cause_of_day
from shared.messaging.subscription import Day
from shared.money import Money
from shared.web.problem_types import CONFLICT, NOT_FOUND
from shared.web.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseReservation:
    """Give back what this reservation still holds."""

    reservation_id: UUID
    customer_id: UUID
    request: Request


async def release_reservations(
    connection: AsyncConnection, commands: Sequence[ReleaseReservation], *, policy: Policy, outbox: Outbox
) -> list[Reservation | Problem]:
    """Release reservations of locked customers, which may turn their lights; a day that ends them finds them ended."""
    found = await load_reservations(connection, {each.reservation_id for each in commands})
    known = await load_known(connection, {each.customer_id for each in commands})
    days = {each.customer_id: each.request.today(known[each.customer_id].today) for each in commands}
    desk = await open_risks(
        connection, known, policy=policy, rates=await load_dated_rates(connection, days.values()), writing=Writing()
    )
    parts = await load_parts(connection, known)
    ended: list[Reservation] = []
    results: list[Reservation | Problem] = []
    for command in commands:
        cause = command.request.cause(days[command.customer_id])
        try:
            before = found[command.reservation_id]
            after = found[command.reservation_id] = release(before, today=cause.business_date)
        except KeyError:
            results.append(Problem(NOT_FOUND))
        except NotLive:
            results.append(Problem(CONFLICT, "The reservation has ended: nothing of it is held."))
        else:
            ended.append(after)
            desk.writing.events.append(_released(before, "released", cause))
            freed = with_order(parts[command.customer_id], Money(-before.rest_minor, before.currency))
            parts[command.customer_id] = freed
            desk.look(desk.risks[command.customer_id], parts=freed, cause=cause)
            results.append(after)
    await save_reservations(connection, ended)
    await desk.save(connection)
    await desk.writing.save(connection, outbox)
    return results


async def expire_reservations(
    connection: AsyncConnection, customer_ids: Sequence[UUID], *, day: Day, recorded_at: datetime, outbox: Outbox
) -> None:
    """End what lapses on this day for locked customers, and set the day on which their next reservation does."""
    held: dict[UUID, dict[UUID, Reservation]] = {each: {} for each in customer_ids}
    for reservation in await load_live(connection, customer_ids):
        held[reservation.customer_id][reservation.reservation_id] = reservation
    ended: list[Reservation] = []
    events: list[Outgoing] = []
    for customer_id in sorted(held):
        cause = cause_of_day(day.marker, customer_id, actor=ACTOR, business_date=day.day, recorded_at=recorded_at)
        lapsed = sorted(lapse(held[customer_id].values(), day=day.day), key=lambda each: each.reservation_id)
        ended += lapsed
        events += [_released(held[customer_id].pop(each.reservation_id), "expired", cause) for each in lapsed]
    await save_reservations(connection, ended)
    await time_reservations(connection, {key: each.values() for key, each in held.items()})
    await outbox.append(connection, events)


async def time_reservations(connection: AsyncConnection, held: Mapping[UUID, Iterable[Reservation]]) -> None:
    """Set the day that ends the next of the reservations that these customers hold."""
    await set_timers(connection, "reservation", {key: next_date_of(each) for key, each in held.items()})


def _released(before: Reservation, reason: str, cause: Cause) -> Outgoing:
    return Outgoing(
        event=CreditReleased(
            reservation_id=before.reservation_id,
            order_number=before.order_number,
            currency=before.currency,
            amount_minor=before.rest_minor,
            reason=reason,
        ),
        subject=str(before.reservation_id),
        cause=cause,
        effective_date=cause.business_date,
        customer_id=before.customer_id,
    )
