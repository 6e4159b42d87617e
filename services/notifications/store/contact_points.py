"""The people at customers: the only rows of the house with personal data (N3)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row as DatabaseRow
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.domain.contact import ContactPoint
from services.notifications.domain.message import Channel
from shared.rows import Row, Rows, insert_missing, update_rows

_CONTACT = Rows.of(
    "contact_point",
    key=("contact_point_id",),
    contact_point_id="uuid",
    customer_id="uuid",
    partition_no="smallint",
    customer_number="text",
    company_name="text",
    name="text",
    role="text",
    language="text",
    zone="text",
    email="text",
    phone="text",
    address_for_service="boolean",
    verified_at="timestamptz",
    verified_by="text",
    recorded_at="timestamptz",
    recorded_by="text",
)
_INVALID_COLUMN: Mapping[Channel, str] = {"email": "email_invalid_reason", "sms": "phone_invalid_reason"}
_COLUMNS = """
    contact_point_id, customer_id, customer_number, company_name, name, role, language, zone, email, phone,
    verified_at IS NOT NULL AS verified, address_for_service, opted_out, email_invalid_reason,
    phone_invalid_reason
"""
_OF_CUSTOMERS = text(f"SELECT {_COLUMNS} FROM contact_point WHERE customer_id = ANY(CAST(:customers AS uuid[]))")
_SOME = text(f"SELECT {_COLUMNS} FROM contact_point WHERE contact_point_id = ANY(CAST(:ids AS uuid[]))")
_PAGE = text(
    f"""
    SELECT {_COLUMNS} FROM contact_point
    WHERE (CAST(:customer_id AS uuid) IS NULL OR customer_id = :customer_id)
      AND (CAST(:after AS uuid) IS NULL OR contact_point_id > :after)
    ORDER BY contact_point_id LIMIT :limit
    """
)
_VERIFY = text(
    "UPDATE contact_point SET verified_at = :at, verified_by = :actor, address_for_service = :address_for_service "
    "WHERE contact_point_id = :id"
)
_OPT_OUT = text("UPDATE contact_point SET opted_out = :scope, opted_out_by = :actor WHERE contact_point_id = :id")


async def insert_contact_points(connection: AsyncConnection, rows: Sequence[Row]) -> set[UUID]:
    """Insert new contact points and return the ids of those that are new: a person has one row per role and address."""
    await insert_missing(connection, _CONTACT, rows)
    return set(await read_some(connection, [row["contact_point_id"] for row in rows]))


async def read_of_customers(connection: AsyncConnection, customers: Sequence[UUID]) -> dict[UUID, list[ContactPoint]]:
    """Return the contact points of each customer."""
    found: defaultdict[UUID, list[ContactPoint]] = defaultdict(list)
    for row in await connection.execute(_OF_CUSTOMERS, {"customers": customers}):
        found[row.customer_id].append(_contact(row))
    return found


async def read_some(connection: AsyncConnection, ids: Sequence[UUID]) -> dict[UUID, ContactPoint]:
    """Return these contact points by id."""
    return {row.contact_point_id: _contact(row) for row in await connection.execute(_SOME, {"ids": sorted(ids)})}


async def read_page(
    connection: AsyncConnection, *, customer_id: UUID | None, after: UUID | None, limit: int
) -> list[ContactPoint]:
    """Return contact points in order of id, of one customer or of all."""
    rows = await connection.execute(_PAGE, {"customer_id": customer_id, "after": after, "limit": limit})
    return [_contact(row) for row in rows]


async def set_verified(
    connection: AsyncConnection, contact_point_id: UUID, *, at: datetime, actor: str, address_for_service: bool
) -> None:
    """Note who confirmed the person, and whether the contract names this address for service."""
    values = {"id": contact_point_id, "at": at, "actor": actor, "address_for_service": address_for_service}
    await connection.execute(_VERIFY, values)


async def set_opted_out(connection: AsyncConnection, contact_point_id: UUID, *, scope: str, actor: str) -> None:
    """Note that the person wants no more messages, or none before the due date."""
    await connection.execute(_OPT_OUT, {"id": contact_point_id, "scope": scope, "actor": actor})


async def mark_invalid(connection: AsyncConnection, channel: Channel, reasons: Mapping[UUID, str]) -> None:
    """Note why nothing can be delivered to these people's addresses on a channel."""
    column = _INVALID_COLUMN[channel]
    shape = Rows.of("contact_point", key=("contact_point_id",), contact_point_id="uuid", **{column: "text"})
    await update_rows(connection, shape, [{"contact_point_id": key, column: why} for key, why in reasons.items()])


def _contact(row: DatabaseRow[Any]) -> ContactPoint:
    return ContactPoint(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name
