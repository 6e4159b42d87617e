"""Shows the letter of a message: as it was sent, or as its words would print (N7, N13)."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.domain.contact import ContactPoint, NoContact, choose_contact
from services.notifications.domain.decision import SpokenLine, order_of
from services.notifications.domain.letter import Demand, letter
from services.notifications.domain.message import Message
from services.notifications.gateways.composing import letter_in
from services.notifications.gateways.printing import Letter
from services.notifications.store import attempts, contact_points, creditors, debts, messages, templates
from services.notifications.store.attempts import Attempt
from services.notifications.store.templates import Template
from services.notifications.usecases.preview_template import NothingToShow, open_debts
from services.notifications.usecases.write_mail import words_of, write_letter


async def show_letter(connection: AsyncConnection, message_id: UUID, *, day: date) -> Letter | None:
    """Return the letter of a mail, None where there is no such mail.

    What a mail carried is returned to the byte. A letter that was not sent is printed: of a mail that left with the
    sums it stated, else with those of `day`. Raises NothingToShow where there is nobody to write to, or nothing to say.
    """
    message = (await messages.read_messages(connection, [message_id])).get(message_id)
    if message is None or message.channel != "email":
        return None
    key = (message_id, message.attempts)
    attempt = (await attempts.read_attempts(connection, [key])).get(key)
    if attempt is not None and attempt.letter_sha256 is not None:
        return Letter(letter_in(await attempts.read_content(connection, key)))
    read = _as_sent(connection, message, attempt) if attempt else _as_of(connection, message, day=day)
    contact, template, spoken = await read
    creditor = (await creditors.read_creditors(connection, [message.entity]))[message.entity]
    demand = Demand(
        contact=contact,
        creditor_name=creditor.name,
        payee=creditor.payee,
        spoken=spoken,
        day=attempt.civil_date if attempt else day,
        answer_working_days=message.answer_working_days,
        remark=message.remark,
    )
    return write_letter(message_id, words_of(template), letter(demand), language=template.language)


_Parts = tuple[ContactPoint, Template, list[SpokenLine]]


async def _as_sent(connection: AsyncConnection, message: Message, attempt: Attempt) -> _Parts:
    """Return reader, words and sums as the attempt had them."""
    people = await contact_points.read_some(connection, [attempt.contact_point_id])
    template = await templates.read_template(connection, attempt.template_id) if attempt.template_id else None
    stated = await messages.read_stated(connection, message.message_id)
    owed = (await debts.read_debts(connection, [message.customer_id], instalments=stated))[message.customer_id]
    if template is None:
        raise NothingToShow("The words of this message are not here.")
    spoken = [SpokenLine(debt=owed[key], collectible_minor=minor) for key, minor in stated.items()]
    return people[attempt.contact_point_id], template, sorted(spoken, key=order_of)


async def _as_of(connection: AsyncConnection, message: Message, *, day: date) -> _Parts:
    """Return reader, words and sums as they would be on a day."""
    people = (await contact_points.read_of_customers(connection, [message.customer_id]))[message.customer_id]
    current = await templates.read_current(connection, [message.purpose])
    languages = [language for _, language in current]
    contact = choose_contact(
        people, channel=message.channel, purpose=message.purpose, formal=message.formal, languages=languages
    )
    if isinstance(contact, NoContact):
        raise NothingToShow(f"Nobody can be written to: {contact.reason}.")
    instalments = [line.instalment_id for line in message.lines]
    spoken = await open_debts(connection, message.customer_id, instalments=instalments, day=day)
    return contact, current[(message.purpose, contact.language)], spoken
