"""A request on its way to a use case, until the transaction knows the business date and makes it a cause."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from shared.ids import derived_id
from shared.messaging.outgoing import Cause
from shared.web.idempotency import Origin

ACTOR = "credit"
"""Who does what follows from events and days."""


@dataclass(frozen=True, slots=True)
class Request:
    """Who asked, in which trace, and when."""

    origin: Origin
    recorded_at: datetime

    def cause(self, today: date) -> Cause:
        """Return the request as the cause of what it does on this business date."""
        return Cause(
            cause_id=self.origin.cause_id,
            actor=self.origin.actor,
            correlation_id=self.origin.correlation_id,
            traceparent=self.origin.traceparent,
            business_date=today,
            recorded_at=self.recorded_at,
        )

    def item(self, ordinal: int) -> "Request":
        """Return one item of a request that holds many, as a cause of its own."""
        return replace(self, origin=replace(self.origin, cause_id=derived_id(self.origin.cause_id, "item", ordinal)))

    def today(self, seen: date | None) -> date:
        """Return the business date seen; before the first day has come, the date on the calendar."""
        return seen or self.recorded_at.date()
