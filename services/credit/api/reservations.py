"""Shows what is held for orders, and gives it back on demand (C5)."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.api import shown
from services.credit.api.asking import asked, block_lane
from services.credit.api.bodies import OrderNumber, ReservationState
from services.credit.api.shown import ReservationShown
from services.credit.domain.policy import Policy
from services.credit.domain.reservations import Reservation
from services.credit.store.reservations import list_reservations, load_reservations
from services.credit.usecases.end_reservations import ReleaseReservation, release_reservations
from shared.service import Context
from shared.web.cursor import Listing, Page
from shared.web.customers import NamedCustomer
from shared.web.gather import Gatherer
from shared.web.idempotency import Keyed, StoredAnswer
from shared.web.keys import Reader
from shared.web.problem_types import CONFLICT, NOT_FOUND
from shared.web.problems import Problem, problems
from shared.web.routing import router


def reservations_router(context: Context, policy: Policy) -> APIRouter:
    """Return the routes of reservations."""
    routes = router(prefix="/v1/reservations", tags=["reservations"])

    async def execute(
        connection: AsyncConnection, commands: Sequence[ReleaseReservation]
    ) -> list[Reservation | Problem]:
        return await release_reservations(connection, commands, policy=policy, outbox=context.outbox)

    releases = Gatherer(lane=block_lane(context), execute=execute, render=_released)

    @routes.get("")
    async def find(
        _caller: Reader,
        paging: Listing,
        customer_id: NamedCustomer,
        order_number: Annotated[OrderNumber | None, Query()] = None,
        state: ReservationState | None = None,
    ) -> Page[ReservationShown]:
        """List reservations."""
        async with context.reading.connect() as connection:
            rows = await list_reservations(
                connection,
                customer_id=customer_id,
                order_number=order_number,
                state=state,
                after=paging.after,
                rows=paging.limit + 1,
            )
        return Page(**paging.page(rows, position=lambda each: [str(each.reservation_id)], item=shown.reservation))

    @routes.post("/{reservation_id}/release", response_model=ReservationShown, responses=problems(NOT_FOUND, CONFLICT))
    async def release(reservation_id: UUID, keyed: Keyed) -> Response:
        """Give back what the reservation still holds, because the order changed or will not come."""
        async with context.reading.connect() as connection:
            held = (await load_reservations(connection, [reservation_id])).get(reservation_id)
        if held is None:
            raise Problem(NOT_FOUND)
        command = ReleaseReservation(
            reservation_id=reservation_id, customer_id=held.customer_id, request=asked(context, keyed)
        )
        return (await releases.submit(keyed.work(command, customer_ids=[held.customer_id]))).response()

    return routes


def _released(reservation: Reservation) -> StoredAnswer:
    return shown.answer(200, shown.reservation(reservation))
