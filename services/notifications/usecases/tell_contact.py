"""Tells what changed about a contact point, by ids only: names and addresses stay here (facts 3.8, PIPL)."""

from typing import Any, Literal

from services.notifications.domain.contact import ContactPoint
from shared.contracts.event import Event
from shared.contracts.notifications import ContactOptedOut, ContactPointVerified
from shared.messaging.outgoing import Cause, Outgoing


def tell_verified(contact: ContactPoint, cause: Cause) -> Outgoing:
    """Return the event that a person confirmed name, role, authority and address."""
    return _outgoing(ContactPointVerified(**_fact(contact)), contact, cause)


def tell_opted_out(contact: ContactPoint, scope: Literal["all", "before_due"], cause: Cause) -> Outgoing:
    """Return the event that this person wants no more messages."""
    return _outgoing(ContactOptedOut(**_fact(contact), scope=scope), contact, cause)


def _fact(contact: ContactPoint) -> dict[str, Any]:
    channel = "email" if contact.email else "sms"
    return {"contact_point_id": contact.contact_point_id, "channel": channel, "role": contact.role}


def _outgoing(event: Event, contact: ContactPoint, cause: Cause) -> Outgoing:
    return Outgoing(
        event=event,
        subject=str(contact.contact_point_id),
        cause=cause,
        effective_date=cause.business_date,
        customer_id=contact.customer_id,
    )
