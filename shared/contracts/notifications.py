"""What notifications publishes: what left for a customer, what arrived, what was held back, and why."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts import event
from shared.contracts.collections import Channel
from shared.contracts.event import Code, Event, Part, Reference


class MessageLine(Part):
    """A debt that the message spoke of, by the key that makes it unique (N4)."""

    instalment_id: UUID
    step: Code | None = None
    episode: Annotated[int, Field(ge=1)]


class MessageFact(Part):
    """Which message: a reminder has one for each of its channels, each decided on once."""

    message_id: UUID
    reminder_id: UUID
    entity: Code
    purpose: Code
    step: Code
    accompanies: Annotated[
        bool, Field(description="It only goes beside another message of this reminder, whose fate does not hang on it")
    ] = False


class MessageSent(MessageFact, Event, wire="notifications.message-sent.v1"):
    """The server or carrier took the message."""

    channel: Channel
    sent_at: Annotated[
        datetime, Field(description="Civil time of the recipient: real, or ten in the morning under the fast clock")
    ]
    sent_date: date
    content_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    contact_role: Code
    template_version: Reference
    letter_sha256: Annotated[
        str | None, Field(pattern=r"^[0-9a-f]{64}$", description="Of the PDF that the message carries")
    ] = None
    lines: list[MessageLine]


class MessageDelivered(MessageFact, Event, wire="notifications.message-delivered.v1"):
    """The message arrived; periods run from here (N8)."""

    channel: Channel
    arrived_date: date
    ground: Annotated[Code, Field(description="receipt | service_address | opened | reply")]
    lines: list[MessageLine]


class MessageFailed(MessageFact, Event, wire="notifications.message-failed.v1"):
    """The channel refused the message for good."""

    channel: Channel
    reason: Code


class MessageWithheld(MessageFact, Event, wire="notifications.message-withheld.v1"):
    """The message did not go and will not, and why: paid, disputed, promised, paused, no_contact_point, refused, ..."""

    channel: Channel | None = None
    reason: Code
    lines: list[MessageLine]


class MessageOutcomeUnknown(MessageFact, Event, wire="notifications.message-outcome-unknown.v1"):
    """An attempt was begun and its fate is not known; it is not blindly repeated."""

    channel: Channel


class ContactPointFact(Part):
    """Which contact point, by id only."""

    contact_point_id: UUID
    channel: Channel
    role: Code


class ContactPointVerified(ContactPointFact, Event, wire="notifications.contact-point-verified.v1"):
    """A person confirmed real name, role, authority and address."""


class ContactPointInvalid(ContactPointFact, Event, wire="notifications.contact-point-invalid.v1"):
    """Nothing can be delivered there."""

    reason: Code


class ContactOptedOut(ContactPointFact, Event, wire="notifications.contact-opted-out.v1"):
    """This person wants no more messages on this channel."""

    scope: Literal["all", "before_due"] = "all"


class DayWorked(event.DayWorked, Event, wire="notifications.day-worked.v1"):
    """Notifications has ended this day for this partition."""
