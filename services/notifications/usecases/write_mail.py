"""Writes the mail of a message that goes: its words, its layout, its headers."""

from dataclasses import dataclass
from uuid import UUID

from services.notifications.domain.decision import Send
from services.notifications.domain.letter import Demand, letter
from services.notifications.domain.message import Message
from services.notifications.gateways.composing import Cover, Letterhead, Mail, compose
from services.notifications.gateways.rendering import Rendered, Words, render
from services.notifications.store.creditors import Creditor
from services.notifications.store.templates import Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A mail that its holder may hand over, and the number of the attempt, which is its fence."""

    message_id: UUID
    attempt_no: int
    mail: Mail


def words_of(template: Template) -> Words:
    """Return the sources of a stored template."""
    return Words(template.subject, template.body_text, template.body_html)


def write_letter(message: Message, send: Send, *, creditor: Creditor, template: Template) -> Rendered:
    """Return what the recipient reads."""
    demand = Demand(
        contact=send.contact,
        creditor_name=creditor.name,
        payee=creditor.payee,
        spoken=send.spoken,
        day=send.civil_at.date(),
        answer_working_days=message.answer_working_days,
    )
    return render(words_of(template), letter(demand), language=send.contact.language)


def write_mail(message: Message, send: Send, *, creditor: Creditor, template: Template, letterhead: Letterhead) -> Mail:
    """Return the mail as it goes over the wire; a formal notice cannot be unsubscribed from."""
    cover = Cover(
        message_id=message.message_id,
        recipient_name=send.contact.name,
        recipient=send.contact.email or "",
        language=send.contact.language,
        creditor_name=creditor.name,
        reply_to=creditor.payee["email"],
        civil_at=send.civil_at,
        unsubscribe=None if message.formal else send.contact.contact_point_id,
        traceparent=message.traceparent,
        correlation_id=message.correlation_id,
    )
    sender = creditor.payee.get("sender_email")
    letterhead = Letterhead(address=sender) if sender else letterhead
    return compose(letterhead, cover, write_letter(message, send, creditor=creditor, template=template))
