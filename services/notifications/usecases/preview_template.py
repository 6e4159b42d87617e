"""Shows a template with real data before anybody is written to (N2)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.domain.contact import ContactPoint
from services.notifications.domain.debt import standings
from services.notifications.domain.decision import SpokenLine, order_of
from services.notifications.domain.letter import Demand, letter
from services.notifications.gateways.rendering import Rendered, render
from services.notifications.store import contact_points, creditors, debts
from services.notifications.store.templates import Template
from services.notifications.usecases.write_mail import words_of


class NothingToShow(Exception):
    """The customer has no open debt, or nobody to write to; the message says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewTemplate:
    """Which template with whose data: all open debts of a customer, or those of one of his messages."""

    template: Template
    customer_id: UUID
    instalments: Collection[UUID]
    answer_working_days: int | None
    day: date


async def preview_template(connection: AsyncConnection, command: PreviewTemplate) -> Rendered:
    """Return what the customer's first contact point would read."""
    spoken = await open_debts(connection, command.customer_id, instalments=command.instalments, day=command.day)
    entity = spoken[0].debt.entity
    creditor = (await creditors.read_creditors(connection, [entity]))[entity]
    demand = Demand(
        contact=await _reader(connection, command),
        creditor_name=creditor.name,
        payee=creditor.payee,
        spoken=[line for line in spoken if line.debt.entity == entity],
        day=command.day,
        answer_working_days=command.answer_working_days,
    )
    return render(words_of(command.template), letter(demand), language=command.template.language)


async def open_debts(
    connection: AsyncConnection, customer: UUID, *, instalments: Collection[UUID], day: date
) -> list[SpokenLine]:
    """Return what a customer may be asked for on a day, of some instalments or of all; raise NothingToShow for none."""
    owed = (await debts.read_debts(connection, [customer], instalments=instalments))[customer]
    rests = (await debts.read_rests(connection, [customer], today=day))[customer]
    known = standings(list(owed.values()), rests, today=day)
    spoken = [
        SpokenLine(debt=debt, collectible_minor=known[key].collectible_minor)
        for key, debt in owed.items()
        if known[key].collectible_minor and (not instalments or key in instalments)
    ]
    if not spoken:
        msg = "Nothing is open of which a message could speak."
        raise NothingToShow(msg)
    return sorted(spoken, key=order_of)


async def _reader(connection: AsyncConnection, command: PreviewTemplate) -> ContactPoint:
    people = (await contact_points.read_of_customers(connection, [command.customer_id]))[command.customer_id]
    if not people:
        msg = "The customer has no contact point."
        raise NothingToShow(msg)
    return min(people, key=lambda each: (each.language != command.template.language, each.contact_point_id))
