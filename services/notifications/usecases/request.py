"""A request on its way to a use case, until the transaction knows the business date and makes it a cause."""

from dataclasses import dataclass
from datetime import date, datetime

from shared.messaging.outgoing import Cause
from shared.web.idempotency import Origin


@dataclass(frozen=True, slots=True)
class Request:
    """Who asked, in which trace, and when."""

    origin: Origin
    recorded_at: datetime

    def cause(self, seen: date | None) -> Cause:
        """Return the request as a cause on the business date seen; before the first day, on the calendar's date."""
        return Cause(
            cause_id=self.origin.cause_id,
            actor=self.origin.actor,
            correlation_id=self.origin.correlation_id,
            traceparent=self.origin.traceparent,
            business_date=seen or self.recorded_at.date(),
            recorded_at=self.recorded_at,
        )
