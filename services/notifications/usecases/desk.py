"""The desk from which everything is sent: the rules and tools that claiming and settling share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from services.notifications.domain.fences import Fences, country_of
from services.notifications.gateways.composing import Letterhead
from services.notifications.gateways.sms import Texting
from services.notifications.gateways.text_templates import TextTemplate
from shared.calendars import WorkCalendar
from shared.messaging.outbox import Outbox

ACTOR = "notifications"

# Both outlive what their couriers may take, by a margin for the database. Who is killed holds a claim, and under the
# fast clock the day with it, for so long.
CIVIL_LEASE = timedelta(seconds=90)
FAST_LEASE = timedelta(seconds=30)

_NOWHERE = "ZZ"  # of a country that nobody knows, the calendar knows the weekends


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the sender works with.

    `texting` asks the providers of text messages; `texts` are the words that they approved, by purpose and language.
    `topics` names, by publisher, the topics that must be heard to their ends before a claim. `lease` is how long a
    claim is its holder's; `arrival_working_days` is when a message to an address for service counts as arrived (N8).
    """

    outbox: Outbox
    letterhead: Letterhead
    texting: Texting
    texts: Mapping[tuple[str, str], TextTemplate]
    topics: Mapping[str, str]
    fast_clock: bool
    fences: Fences = field(default_factory=Fences)
    lease: timedelta = CIVIL_LEASE
    arrival_working_days: int = 3

    @property
    def channels(self) -> frozenset[str]:
        """Return the channels by which messages can leave."""
        return frozenset({"email", "sms"} if self.texting.names else {"email"})


def calendar_of(zone: str) -> WorkCalendar:
    """Return the working days of the country in which a zone lies."""
    return WorkCalendar.of(country_of(zone) or _NOWHERE)
