"""Where a command comes from; the business date is added only under the day's lock."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from shared.messaging.outgoing import Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Who wants something, by which request or event, and when we heard of it."""

    cause_id: UUID
    actor: str
    correlation_id: str
    traceparent: str
    recorded_at: datetime

    def on(self, day: date) -> Cause:
        """Return the cause of what is recorded while `day` is open."""
        return Cause(
            cause_id=self.cause_id,
            actor=self.actor,
            correlation_id=self.correlation_id,
            traceparent=self.traceparent,
            business_date=day,
            recorded_at=self.recorded_at,
        )
