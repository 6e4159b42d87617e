"""Records people at customers, one row per role and address (N3)."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.domain.contact import ContactPoint
from services.notifications.store import contact_points
from services.notifications.store.days import read_days_seen
from services.notifications.usecases.request import Request
from services.notifications.usecases.tell_contact import tell_verified
from shared.ids import customer_id_of, derived_id, partition_of
from shared.messaging.outbox import Outbox
from shared.web.problem_types import CONFLICT
from shared.web.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What is told about a person; addresses are normalized already."""

    customer_number: str
    company_name: str
    name: str
    role: str
    language: str
    zone: str
    email: str | None
    phone: str | None
    verified: bool
    address_for_service: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordContactPoint:
    """One person to record; `ordinal` tells apart the items of one request."""

    person: Person
    request: Request
    ordinal: int = 0

    @property
    def customer_id(self) -> UUID:
        """Return the customer for whom the person works."""
        return customer_id_of(self.person.customer_number)

    @property
    def contact_point_id(self) -> UUID:
        """Return the id that follows from the request."""
        return derived_id(self.request.origin.cause_id, "contact_point", self.ordinal)


async def record_contact_points(
    connection: AsyncConnection, commands: Sequence[RecordContactPoint], *, outbox: Outbox
) -> list[ContactPoint | Problem]:
    """Record the persons; one who is already known in this role at this address is a conflict."""
    ids = [each.contact_point_id for each in commands]
    await contact_points.insert_contact_points(connection, [_row(each, outbox.partitions) for each in commands])
    recorded = await contact_points.read_some(connection, ids)
    partitions = {each: partition_of(each, outbox.partitions) for each in {each.customer_id for each in commands}}
    seen = await read_days_seen(connection, partitions=set(partitions.values()))
    verified = [
        tell_verified(recorded[each.contact_point_id], each.request.cause(seen.get(partitions[each.customer_id])))
        for each in commands
        if each.person.verified and each.contact_point_id in recorded
    ]
    await outbox.append(connection, verified)
    known = Problem(CONFLICT, "This person is already recorded in this role at this address.")
    return [recorded.get(each, known) for each in ids]


def _row(command: RecordContactPoint, partitions: int) -> dict[str, Any]:
    person, origin = command.person, command.request.origin
    told = {name: value for name, value in asdict(person).items() if name != "verified"}
    return {
        **told,
        "contact_point_id": command.contact_point_id,
        "customer_id": command.customer_id,
        "partition_no": partition_of(command.customer_id, partitions),
        "verified_at": command.request.recorded_at if person.verified else None,
        "verified_by": origin.actor if person.verified else None,
        "recorded_at": command.request.recorded_at,
        "recorded_by": origin.actor,
    }
