"""An event on its way out, and the cause that explains it: who did it, after which request, event or day."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from shared.contracts.event import Event
from shared.ids import derived_id
from shared.messaging.envelope import Envelope


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why a transaction writes what it writes.

    `cause_id` is the request's UUIDv7, the id of the event that is being applied, an id derived from a day's marker and
    a customer, or that of the document which is recorded. All ids that follow are derived from it, so that doing the
    same again gives the same ids.
    """

    cause_id: UUID
    actor: str
    correlation_id: str
    traceparent: str
    business_date: date
    recorded_at: datetime

    def id_of(self, kind: str, ordinal: int | str = 0) -> UUID:
        """Return the id of the `ordinal`-th thing of this kind that the cause makes."""
        return derived_id(self.cause_id, kind, ordinal)

    def of(self, once: UUID) -> "Cause":
        """Return the cause of what comes to be but once: done again after a restore, it makes the same ids again."""
        return replace(self, cause_id=once)


def cause_of_event(envelope: Envelope, *, actor: str, business_date: date, recorded_at: datetime) -> Cause:
    """Return the cause of what a handler does on this event; the correlation goes on, the trace gets a child."""
    return Cause(
        cause_id=envelope.event_id,
        actor=actor,
        correlation_id=envelope.correlation_id,
        traceparent=_within(envelope.traceparent, envelope.event_id),
        business_date=business_date,
        recorded_at=recorded_at,
    )


def cause_of_day(
    marker: Envelope, customer_id: UUID, *, actor: str, business_date: date, recorded_at: datetime
) -> Cause:
    """Return the cause of what a day's work does for one customer."""
    return Cause(
        cause_id=derived_id(marker.event_id, "day", str(customer_id)),
        actor=actor,
        correlation_id=marker.correlation_id,
        traceparent=_within(marker.traceparent, marker.event_id),
        business_date=business_date,
        recorded_at=recorded_at,
    )


def _within(traceparent: str, cause_id: UUID) -> str:
    # The span is derived, not drawn: applying the same event again must give the same outbox.
    return f"{traceparent[:36]}{cause_id.hex[-16:]}{traceparent[52:]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """An event to be published once the transaction that writes it commits.

    `customer_id` chooses the partition; without one `partition_no` must be given. `effective_date` is when the fact
    took effect in the world. `ordinal` tells apart several events of one type about one subject from one cause.
    """

    event: Event
    subject: str
    cause: Cause
    effective_date: date
    customer_id: UUID | None = None
    partition_no: int | None = None
    ordinal: int = 0

    @property
    def event_id(self) -> UUID:
        """Return the id derived from the cause, the type, the subject and the ordinal."""
        return self.cause.id_of(f"{self.event.wire}/{self.subject}/{self.partition_no}", self.ordinal)
