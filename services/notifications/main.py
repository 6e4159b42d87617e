"""Composes the notifications service: everything that leaves for a customer goes through here."""

from collections.abc import Awaitable, Callable, Sequence

from fastapi import APIRouter

from services.notifications.api import contact_points, messages, templates
from services.notifications.consumers import NotificationsSubscription
from services.notifications.gateways.composing import Letterhead
from services.notifications.gateways.smtp import Server
from services.notifications.sender import Sender
from services.notifications.settings import NotificationsSettings
from services.notifications.usecases.desk import Desk
from shared.contracts.notifications import DayWorked
from shared.run import run
from shared.service import Context, Service, topic_of


def make_desk(context: Context) -> Desk:
    """Return the rules and tools of sending, as the settings say."""
    settings: NotificationsSettings = context.settings
    return Desk(
        outbox=context.outbox,
        letterhead=Letterhead(address=settings.mail_from),
        topics={publisher: topic_of(settings, publisher) for publisher in ("ledger", "collections")},
        fast_clock=context.fast_clock,
        arrival_working_days=settings.arrival_working_days,
    )


def make_server(settings: NotificationsSettings) -> Server:
    """Return where mails are handed over."""
    return Server(
        host=settings.smtp_host,
        port=settings.smtp_port,
        tls=settings.smtp_tls,
        sender=settings.mail_from,
        username=settings.smtp_username,
        password=settings.smtp_password.get_secret_value() if settings.smtp_password else None,
    )


def make_background(context: Context) -> Sequence[Callable[[], Awaitable[None]]]:
    """Return the endless tasks of the worker: the sender."""
    return [Sender(context, make_desk(context), make_server(context.settings)).run]


def make_routers(context: Context) -> Sequence[APIRouter]:
    """Return the routes, one router per noun."""
    return [contact_points.routes(context), messages.routes(context, make_desk(context)), templates.routes(context)]


SERVICE = Service(
    name="notifications",
    title="Dueflow notifications",
    description="Contact points, messages and their proof, templates.",
    settings=NotificationsSettings,
    listens_to=("ledger", "collections"),
    day_from="collections",
    day_worked=DayWorked,
    subscription=NotificationsSubscription,
    routers=make_routers,
    background=make_background,
)

if __name__ == "__main__":
    run(SERVICE)
