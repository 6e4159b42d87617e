"""Says on which day of its customer each event happens: never before what was told of the customer already (P5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from services.credit.domain.risk import Risk
from services.credit.store.profiles import Known
from services.credit.usecases.fold_habits import customer_of
from shared.messaging.subscription import Received


@dataclass(frozen=True, slots=True)
class EventDays:
    """The day of each event, by its id, and by customer the latest that was told ahead of its marker."""

    days: Mapping[UUID, date]
    told: Mapping[UUID, date]

    def note(self, risks: dict[UUID, Risk]) -> None:
        """Remember of each customer what was told ahead."""
        risks.update({key: replace(risks[key], told_date=day) for key, day in self.told.items()})


def date_events(batch: Sequence[Received], known: Mapping[UUID, Known], *, today: date) -> EventDays:
    """Return the days of a batch's events where the marker of `today` is the last that has come.

    The ledger tells of a day before its marker, and others may have begun a day whose marker is on its way here: what
    follows belongs to that day, and so does all that comes after it.
    """
    latest = {key: each.today or today for key, each in known.items()}
    days: dict[UUID, date] = {}
    told: dict[UUID, date] = {}
    for received in batch:
        customer_id = customer_of(received)
        if received.envelope.business_date > max(latest[customer_id], today):
            told[customer_id] = received.envelope.business_date
        latest[customer_id] = max(latest[customer_id], today, received.envelope.business_date)
        days[received.envelope.event_id] = latest[customer_id]
    return EventDays(days, told)
