"""What a transaction writes of customers: profiles, the history of their changes, and the events that tell of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.domain.profile import Profile, changes_between
from services.credit.store.changes import RecordedChange, record_changes
from services.credit.store.facts import to_json
from services.credit.store.groups import ensure_groups
from services.credit.store.items import Item, confirm_items
from services.credit.store.profiles import save_profiles
from services.credit.usecases import profile_events
from services.credit.usecases.profile_events import Why
from shared.messaging.outbox import Outbox
from shared.messaging.outgoing import Cause, Outgoing


@dataclass(slots=True)
class Writing:
    """What is to be written, in the order in which it happened."""

    profiles: dict[UUID, Profile] = field(default_factory=dict)
    changes: list[RecordedChange] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    events: list[Outgoing] = field(default_factory=list)

    def change(self, before: Profile | None, after: Profile, *, cause: Cause, why: Why) -> None:
        """Write a profile that is new or differs."""
        self.profiles[after.customer_id] = after
        self.changes += _recorded(before, after, cause, why)
        self.events += profile_events.between(before, after, cause=cause, why=why)

    async def save(self, connection: AsyncConnection, outbox: Outbox) -> None:
        """Save all of it."""
        await ensure_groups(connection, {each.group for each in self.profiles.values() if each.group})
        await save_profiles(connection, self.profiles.values())
        await record_changes(connection, self.changes)
        await confirm_items(connection, self.items)
        await outbox.append(connection, self.events)


def _recorded(before: Profile | None, after: Profile, cause: Cause, why: Why) -> Sequence[RecordedChange]:
    return [
        RecordedChange(
            change_id=cause.id_of(f"change/{after.customer_id}", each.field),
            subject=f"customer/{after.customer_id}",
            customer_id=after.customer_id,
            partition_no=after.partition_no,
            field=each.field,
            before=to_json(each.before),
            after=to_json(each.after),
            reason=why.note,
            source=why.source,
            actor=cause.actor,
            correlation_id=cause.correlation_id,
            business_date=cause.business_date,
            recorded_at=cause.recorded_at,
        )
        for each in changes_between(before, after)
    ]
