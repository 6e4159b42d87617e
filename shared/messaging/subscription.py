"""What a service offers to the messaging core: a batch of events to apply, and a day to work for some customers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.event import Event
from shared.messaging.envelope import Envelope


class Refused(Exception):
    """The domain cannot accept this event, ever; it is parked with this message as its cause."""


class NotYetKnown(Refused):
    """What this event answers is not known here: it may come with another topic, and is refused where it does not."""


@dataclass(frozen=True, slots=True)
class Received:
    """An event with its envelope, as it is applied."""

    event: Event
    envelope: Envelope


@dataclass(frozen=True, slots=True)
class Day:
    """A business day that has come in one partition, with the marker that announced it."""

    day: date
    marker: Envelope
    partition_no: int


class Subscription(Protocol):
    """The reacting side of a service.

    Both calls run inside the core's transaction, after it has locked the customers; they load, fold and save, append to
    the outbox, and set each customer's next date. They never commit, and their result must not depend on how records
    were cut into batches.
    """

    @property
    def accepts(self) -> Mapping[str, type[Event]]:
        """Return the event classes to be applied, by wire name."""
        ...

    async def apply(self, connection: AsyncConnection, batch: Sequence[Received], *, today: date) -> None:
        """Apply events of one partition of one topic, in order; `today` is the latest business date seen there."""
        ...

    async def work_day(self, connection: AsyncConnection, customer_ids: Sequence[UUID], *, day: Day) -> None:
        """Do the work of `day` for these customers, whose next date has come; it must move their next date on."""
        ...
