"""Changes what is known of a person: verified at an address for service, and wanting messages or not (N3, N6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.domain.contact import ContactPoint
from services.notifications.store import contact_points
from services.notifications.store.days import read_days_seen
from services.notifications.usecases.request import Request
from services.notifications.usecases.tell_contact import tell_opted_out, tell_verified
from shared.ids import partition_of
from shared.messaging.outbox import Outbox
from shared.messaging.outgoing import Cause, Outgoing


@dataclass(frozen=True, slots=True)
class Verify:
    """A person confirmed name, role and authority; the contract names the address for service, or does not."""

    address_for_service: bool


@dataclass(frozen=True, slots=True)
class OptOut:
    """The person wants no more messages, or none before the due date."""

    scope: Literal["all", "before_due"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeContactPoint:
    """One change of one contact point, which exists and belongs to this customer."""

    contact_point_id: UUID
    customer_id: UUID
    change: Verify | OptOut
    request: Request


async def change_contact_points(
    connection: AsyncConnection, commands: Sequence[ChangeContactPoint], *, outbox: Outbox
) -> list[ContactPoint]:
    """Make the changes, in order, and return how each contact point then stands."""
    partitions = {each.customer_id: partition_of(each.customer_id, outbox.partitions) for each in commands}
    seen = await read_days_seen(connection, partitions=set(partitions.values()))
    changed = []
    for command in commands:
        await _save(connection, command)
        contact = (await contact_points.read_some(connection, [command.contact_point_id]))[command.contact_point_id]
        cause = command.request.cause(seen.get(partitions[command.customer_id]))
        await outbox.append(connection, [_told(contact, command.change, cause)])
        changed.append(contact)
    return changed


async def _save(connection: AsyncConnection, command: ChangeContactPoint) -> None:
    actor = command.request.origin.actor
    match command.change:
        case Verify(address_for_service):
            at = command.request.recorded_at
            await contact_points.set_verified(
                connection, command.contact_point_id, at=at, actor=actor, address_for_service=address_for_service
            )
        case OptOut(scope):
            await contact_points.set_opted_out(connection, command.contact_point_id, scope=scope, actor=actor)


def _told(contact: ContactPoint, change: Verify | OptOut, cause: Cause) -> Outgoing:
    return tell_opted_out(contact, change.scope, cause) if isinstance(change, OptOut) else tell_verified(contact, cause)
