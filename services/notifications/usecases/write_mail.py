"""Writes the mail of a message that goes: its words, its letter where it carries one, its headers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.notifications.domain.decision import Send
from services.notifications.domain.letter import Demand, letter
from services.notifications.domain.message import Message
from services.notifications.gateways.composing import Cover, Letterhead, compose
from services.notifications.gateways.parcels import Parcel
from services.notifications.gateways.printing import Letter, print_letter
from services.notifications.gateways.rendering import BadTemplate, Words, render, render_letter
from services.notifications.store.creditors import Creditor
from services.notifications.store.templates import Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A parcel that its holder may hand over, and the number of the attempt, which is its fence."""

    message_id: UUID
    attempt_no: int
    parcel: Parcel


def words_of(template: Template) -> Words:
    """Return the sources of a stored template."""
    return Words(template.subject, template.body_text, template.body_html)


def demand_of(message: Message, send: Send, creditor: Creditor) -> Demand:
    """Return what the message demands."""
    return Demand(
        contact=send.contact,
        creditor_name=creditor.name,
        payee=creditor.payee,
        spoken=send.spoken,
        day=send.civil_at.date(),
        answer_working_days=message.answer_working_days,
        remark=message.remark,
    )


def write_mail(
    message: Message, send: Send, *, creditor: Creditor, template: Template, letterhead: Letterhead
) -> Parcel:
    """Return the mail as it goes over the wire; a formal notice cannot be unsubscribed from."""
    words, language = words_of(template), send.contact.language
    if message.remark and not words.shows("remark"):
        raise BadTemplate("these words have no place for what a person added")
    model = letter(demand_of(message, send, creditor))
    cover = Cover(
        message_id=message.message_id,
        recipient_name=send.contact.name,
        recipient=send.contact.email or "",
        language=language,
        creditor_name=creditor.name,
        reply_to=creditor.payee["email"],
        civil_at=send.civil_at,
        unsubscribe=None if message.formal else send.contact.contact_point_id,
        traceparent=message.traceparent,
        correlation_id=message.correlation_id,
        letter_name=f"{message.purpose}-{number_of(message.message_id)}.pdf",
    )
    sender = creditor.payee.get("sender_email")
    letterhead = Letterhead(address=sender) if sender else letterhead
    printed = write_letter(message.message_id, words, model, language=language) if message.carries_letter else None
    return compose(letterhead, cover, render(words, model, language=language), printed)


def write_letter(message_id: UUID, words: Words, model: Mapping[str, Any], *, language: str) -> Letter:
    """Return what the mail says as a letter."""
    said = render_letter(words, model, language=language)
    return print_letter(said, model, language=language, number=number_of(message_id))


def number_of(message_id: UUID) -> str:
    """Return the number by which people refer to a letter."""
    return str(message_id)[:13].upper()
