"""Writes a text message: approved words, typed variables, and the message as its reference (N1)."""

from services.notifications.domain.decision import Send
from services.notifications.domain.message import Message
from services.notifications.domain.texting import variables
from services.notifications.gateways.parcels import Parcel
from services.notifications.gateways.sms import Texting, request_body
from services.notifications.gateways.text_templates import TextTemplate
from services.notifications.store.creditors import Creditor
from services.notifications.usecases.write_mail import demand_of


def write_text(message: Message, send: Send, *, creditor: Creditor, template: TextTemplate, texting: Texting) -> Parcel:
    """Return the request to the provider whose turn it is; the reference stays the same for all attempts."""
    among = template.approved_by(texting.names)
    provider = texting.choose(among, last=message.last_provider, again=message.last_outcome == "unknown")
    text, gaps = template.fill(variables(demand_of(message, send, creditor)))
    recipient = send.contact.phone or ""
    content = request_body(
        reference=str(message.message_id),
        recipient=recipient,
        template_id=template.providers[provider].template_id,
        text=text,
        variables=gaps,
    )
    return Parcel(channel="sms", provider=provider, recipient=recipient, content=content)
