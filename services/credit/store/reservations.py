"""Loads and saves reservations."""

from collections.abc import Collection, Sequence
from dataclasses import fields
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.domain.reservations import Reservation
from services.credit.store.values import row_of
from shared.rows import Rows, insert_rows, update_rows
from shared.web.cursor import Position

_COLUMNS = ", ".join(each.name for each in fields(Reservation))
_RESERVATION = Rows.of(
    "reservation",
    key=("reservation_id",),
    reservation_id="uuid",
    check_id="uuid",
    customer_id="uuid",
    partition_no="smallint",
    order_number="text",
    currency="text",
    amount_minor="bigint",
    rest_minor="bigint",
    state="text",
    expires_date="date",
    closed_date="date",
)
_LIVE = text(f"SELECT {_COLUMNS} FROM reservation WHERE customer_id = ANY(CAST(:ids AS uuid[])) AND state = 'live'")
_BY_ID = text(f"SELECT {_COLUMNS} FROM reservation WHERE reservation_id = ANY(CAST(:ids AS uuid[]))")
_LISTING = text(f"""
    SELECT {_COLUMNS} FROM reservation
    WHERE (CAST(:customer_id AS uuid) IS NULL OR customer_id = :customer_id)
      AND (CAST(:order_number AS text) IS NULL OR order_number = :order_number)
      AND (CAST(:state AS text) IS NULL OR state = :state)
      AND (CAST(:after AS uuid) IS NULL OR reservation_id > CAST(:after AS uuid))
    ORDER BY reservation_id LIMIT :rows
""")


async def load_live(connection: AsyncConnection, customer_ids: Collection[UUID]) -> list[Reservation]:
    """Return the live reservations of these customers."""
    rows = await connection.execute(_LIVE, {"ids": sorted(customer_ids)})
    return [_reservation(row) for row in rows]


async def load_reservations(connection: AsyncConnection, reservation_ids: Collection[UUID]) -> dict[UUID, Reservation]:
    """Return these reservations, whatever their state, by id."""
    rows = await connection.execute(_BY_ID, {"ids": sorted(reservation_ids)})
    return {row.reservation_id: _reservation(row) for row in rows}


async def insert_reservations(connection: AsyncConnection, made: Sequence[Reservation]) -> None:
    """Insert new reservations."""
    await insert_rows(connection, _RESERVATION, [row_of(each) for each in made])


async def save_reservations(connection: AsyncConnection, changed: Sequence[Reservation]) -> None:
    """Save reservations that exist."""
    await update_rows(connection, _RESERVATION, [row_of(each) for each in changed])


async def list_reservations(
    connection: AsyncConnection,
    *,
    customer_id: UUID | None,
    order_number: str | None,
    state: str | None,
    after: Position | None,
    rows: int,
) -> list[Reservation]:
    """Return up to `rows` reservations behind the position `after`, by id."""
    parameters = {
        "customer_id": customer_id,
        "order_number": order_number,
        "state": state,
        "after": after[0] if after else None,
        "rows": rows,
    }
    return [_reservation(row) for row in await connection.execute(_LISTING, parameters)]


def _reservation(row: Row[Any]) -> Reservation:
    return Reservation(**row._asdict())
